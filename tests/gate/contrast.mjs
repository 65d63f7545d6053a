/* The contrast of every text that is seen, by WCAG 2.1's formula; those below 4.5 are named.
   A ground that is not opaque lets the one below through. What is disabled is exempt. */

export function contrasts(page) {
  return page.evaluate(() => {
    const rgba = (text) => {
      const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
      return [r, g, b, a];
    };
    const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
    const light = (c) => {
      const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (node) => {
      const layers = [];
      for (let at = node; at; at = at.parentElement) {
        layers.push(rgba(getComputedStyle(at).backgroundColor));
        if (layers.at(-1)[3] === 1) break;
      }
      return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    const poor = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode.parentElement, box = node.getBoundingClientRect();
      if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest(".sr, :disabled, noscript") || box.width < 2) continue;
      const behind = ground(node), ink = over(rgba(getComputedStyle(node).color), behind);
      const [a, b] = [light(ink), light(behind)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${node.tagName}#${node.id} "${node.textContent.trim().slice(0, 30)}"`);
    }
    return poor;
  });
}
