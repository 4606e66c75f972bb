"use strict";
/* Where the contexts around one go, and the drawing of that: who it follows to the left, who follows it to the right. */
leftfold.drawing = (() => {
  const MOST = 60;
  const WIDTH = 190;
  const HEIGHT = 44;
  const GAP = 12;
  const BETWEEN = 90;
  const MARGIN = 8;
  const CHARS = 21;
  const FROM = 0;
  const TO = 1;
  const SPACE = "http://www.w3.org/2000/svg";

  function svg(name, attributes, ...inside) {
    const made = document.createElementNS(SPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  function isListening(link) {
    return leftfold.kinds[link[2]] === "listens";
  }

  function beside() {
    const found = new Map();
    for (const link of leftfold.links) {
      for (const end of new Set([link[FROM], link[TO]])) {
        if (!found.has(end)) found.set(end, []);
        found.get(end).push(link);
      }
    }
    return found;
  }

  /* Each context that is at most so many lines away, with its column: 0 is the middle, below 0 leads there. */
  function around(focus, depth, lines) {
    const columns = new Map([[focus, 0]]);
    let edge = [focus];
    for (let step = 1; step <= depth; step += 1) {
      const next = new Map();
      for (const at of edge) {
        const own = [...(lines.get(at) ?? [])].sort((one, other) => isListening(one) - isListening(other));
        for (const link of own) {
          const other = link[FROM] === at ? link[TO] : link[FROM];
          if (!columns.has(other) && !next.has(other)) {
            const side = Math.sign(columns.get(at)) || (link[TO] === at ? -1 : 1);
            next.set(other, { column: side * step, weight: isListening(link) ? 1 : 0 });
          }
        }
      }
      edge = [...next.keys()];
      for (const [other, { column, weight }] of [...next].sort((one, two) => one[1].weight - two[1].weight)) {
        columns.set(other, column);
      }
    }
    return columns;
  }

  /* What is said of each neighbour: how it relates to the middle, or its team. */
  function aboutOf(context, focus, lines) {
    const link = (lines.get(focus) ?? []).find((one) => one[FROM] === context || one[TO] === context);
    const label = link && context !== focus ? leftfold.labels[link[3]] : "";
    return label || leftfold.contexts[context][2];
  }

  function places(columns, lines) {
    const found = new Map();
    const rows = new Map();
    for (const column of [...new Set(columns.values())].sort((one, other) => Math.abs(one) - Math.abs(other))) {
      const own = [...columns].filter(([, at]) => at === column).map(([context]) => context);
      const middle = (context) => {
        const ys = (lines.get(context) ?? []).flatMap((link) => [link[FROM], link[TO]]).filter((one) => rows.has(one));
        return ys.length ? ys.reduce((sum, one) => sum + rows.get(one), 0) / ys.length : 0;
      };
      // Beside the middle relations come first; farther out each stands by what it is tied to.
      const ranked = Math.abs(column) < 2 ? own : own.map((one) => [middle(one), one]).sort((one, two) => one[0] - two[0]).map(([, one]) => one);
      ranked.forEach((context, row) => rows.set(context, row - (own.length - 1) / 2));
    }
    const left = Math.min(...columns.values());
    const top = Math.min(...rows.values());
    for (const [context, column] of columns) {
      const x = MARGIN + (column - left) * (WIDTH + BETWEEN);
      found.set(context, { x, y: MARGIN + (rows.get(context) - top) * (HEIGHT + GAP), column });
    }
    return found;
  }

  function cut(text) {
    const letters = [...text];
    return letters.length > CHARS ? `${letters.slice(0, CHARS - 1).join("")}…` : text;
  }

  function box(context, place, about, focus) {
    const [name, , , , look] = leftfold.contexts[context];
    const middle = place.x + WIDTH / 2;
    const shape = svg("rect", { x: place.x, y: place.y, width: WIDTH, height: HEIGHT, rx: 4 });
    const words = svg("text", { x: middle, y: place.y + (about ? 18 : 27), class: "called" }, cut(name));
    const parts = [svg("title", {}, about ? `${name}, ${about}` : name), shape, words];
    if (about) parts.push(svg("text", { x: middle, y: place.y + 36, class: "about" }, cut(about)));
    const group = svg("g", { class: `node ${look || "plain"}${context === focus ? " focus" : ""}` }, ...parts);
    return context === focus ? group : svg("a", { href: leftfold.contextFile(context) }, group);
  }

  function line(link, at) {
    const [from, to] = [at.get(link[FROM]), at.get(link[TO])];
    const kind = leftfold.kinds[link[2]];
    const words = `${leftfold.contexts[link[FROM]][0]} to ${leftfold.contexts[link[TO]][0]}: ${kind} ${leftfold.labels[link[3]]}`;
    const [y1, y2] = [from.y + HEIGHT / 2, to.y + HEIGHT / 2];
    const rightward = from.column < to.column;
    const same = from.column === to.column;
    const x1 = from.x + (rightward || same ? WIDTH : 0);
    const x2 = to.x + (rightward ? 0 : WIDTH);
    const bend = same ? BETWEEN / 2 : ((x2 - x1) / 2);
    const curve = `M${x1},${y1} C${x1 + bend},${y1} ${same ? x2 + bend : x2 - bend},${y2} ${x2},${y2}`;
    const ends = { "marker-end": ["shared-kernel", "separate-ways"].includes(kind) ? "" : "url(#arrow)" };
    if (kind === "partnership") ends["marker-start"] = "url(#arrow)";
    return svg("path", { class: `line ${kind}`, d: curve, ...ends }, svg("title", {}, words.trim()));
  }

  function arrow() {
    const size = { viewBox: "0 0 8 8", refX: "7.5", refY: "4", markerWidth: "7", markerHeight: "7" };
    const head = svg("path", { d: "M0,0.5 L8,4 L0,7.5 z", class: "head" });
    return svg("defs", {}, svg("marker", { id: "arrow", orient: "auto-start-reverse", ...size }, head));
  }

  /* The drawing, how many contexts are so near, and how many of these are shown: the nearest, and of these first those
     that a relation ties. */
  function draw(focus, depth) {
    const lines = beside();
    const near = around(focus, depth, lines);
    const shown = new Map([...near].slice(0, MOST));
    const links = leftfold.links.filter((link) => shown.has(link[FROM]) && shown.has(link[TO]) && link[FROM] !== link[TO]);
    const tied = new Map([...shown.keys()].map((one) => [one, links.filter((link) => link[FROM] === one || link[TO] === one)]));
    const at = places(shown, tied);
    const width = Math.max(...[...at.values()].map(({ x }) => x)) + WIDTH + MARGIN + (depth > 0 ? BETWEEN / 2 : 0);
    const height = Math.max(...[...at.values()].map(({ y }) => y)) + HEIGHT + MARGIN;
    const own = (link) => link[FROM] === focus || link[TO] === focus;
    const ordered = [...links].sort((one, other) => own(one) - own(other));
    const drawn = svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": `around ${leftfold.contexts[focus][0]}` },
      arrow(),
      svg("g", { class: "far" }, ...ordered.filter((link) => !own(link)).map((link) => line(link, at))),
      ...ordered.filter(own).map((link) => line(link, at)),
      ...[...shown.keys()].map((one) => box(one, at.get(one), aboutOf(one, focus, tied), focus)),
    );
    return { drawn, near: near.size - 1, shown: shown.size - 1, middle: at.get(focus) };
  }

  return { draw, MOST };
})();
