# gnuplot -c bench/query.gnuplot IN.csv OUT.png: what bench_query measured, as lines.
set datafile separator ","
set terminal pngcairo size 900,500 font "sans,11"
set output ARG2
set title "Reading one person as the hub's store grows (SQLite)"
set xlabel "events in the store, millions"
set ylabel "milliseconds"
set yrange [0:*]
set grid ytics lc rgb "#dddddd"
set key outside right top
is(what, name) = strcol(2) eq name ? what : NaN
plot for [name in "'profile by token' 'timeline' 'stats'"] ARG1 every ::1 \
         using ($1 / 1e6):(is($3 / 1000, name)) with linespoints lw 2 pt 7 title name . ", p50", \
     for [name in "'profile by token' 'timeline'"] ARG1 every ::1 \
         using ($1 / 1e6):(is($4 / 1000, name)) with linespoints lw 1 dt 2 pt 6 title name . ", p99"
