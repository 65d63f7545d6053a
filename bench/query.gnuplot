# gnuplot -c bench/query.gnuplot IN.csv OUT.png: what bench_query measured, as lines.
set datafile separator ","
set terminal pngcairo size 900,500 font "sans,11"
set output ARG2
set title "Reading one person as the hub's store grows (SQLite)"
set xlabel "events in the store, millions"
set ylabel "milliseconds of CPU a question"
set yrange [0:*]
set grid ytics lc rgb "#dddddd"
set key outside right top
set xrange [0:*]
of(name) = sprintf("< awk -F, '$2 == \"%s\"' %s", name, ARG1)
plot for [name in "'profile by token' 'timeline' 'stats'"] of(name) \
         using ($1 / 1e6):($5 / 1000) with linespoints lw 2 pt 7 title name . ", p50", \
     for [name in "'profile by token' 'timeline'"] of(name) \
         using ($1 / 1e6):($6 / 1000) with linespoints lw 1 dt 2 pt 6 title name . ", p99"
