"use strict";
/* Whether a change hits one who takes the event: the same rules as in Leftfold's judging.py, in the same order. */
leftfold.judging = (() => {
  const { compare } = leftfold;
  const PROMISING = ["open-host-service", "published-language"];

  /* Whether two pointers are the same, or one is inside the other. */
  function overlaps(one, other) {
    return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
  }

  /* The relations over which a change of an upstream reaches another; none when they go separate ways. */
  function relatedBy(whole, upstream, other) {
    const edges = whole.between(upstream, other);
    if (edges.some((edge) => edge.kind === "separate-ways")) return [];
    return edges.filter((edge) => edge.kind !== "directed" || edge.upstream === upstream);
  }

  /* The day from which nothing of it is served any more; empty when one has no end. */
  function lastDay(served) {
    const days = served.map((one) => one.sunset);
    if (!days.length || days.includes("")) return "";
    return days.reduce((last, day) => (compare(day, last) > 0 ? day : last));
  }

  function changedVersions(published, version, newestOnly) {
    if (version) return new Set([version]);
    const versions = new Set(published.map((one) => one.version));
    return newestOnly && versions.size ? new Set([Math.max(...versions)]) : versions;
  }

  /* What a change of an event means for a taker; a text says why it means nothing. */
  function judge(whole, taker, change, { version, field, gone }) {
    const published = whole.published(taker.event);
    const publisher = published.length ? published[0].context : "";
    if (change === "add") return "it reads what it knows; what is added does not concern it";
    if (whole.between(publisher, taker.context).some((edge) => edge.kind === "separate-ways")) {
      return `it and ${publisher} go separate ways`;
    }
    if (field && taker.reads !== null && !taker.reads.some((one) => overlaps(field, one))) {
      return `it reads only ${taker.reads.join(", ") || "that it happened"}`;
    }
    const edges = relatedBy(whole, publisher, taker.context);
    const promised = edges.some((edge) => edge.up.some((one) => PROMISING.includes(one)));
    const changed = changedVersions(published, version, promised && !gone);
    const hit = taker.read.filter((one) => changed.has(one.version));
    const served = taker.read.filter((one) => !changed.has(one.version));
    if (promised && served.length) return { outcome: "deferred", edges, until: lastDay(served), module: "" };
    if (published.length && !hit.length) return `it reads only versions ${taker.versions}`;
    const layer = edges.find((edge) => edge.down.includes("anti-corruption-layer"));
    if (layer) return { outcome: "absorbed", edges, until: "", module: layer.layer };
    return { outcome: "affected", edges, until: gone ? lastDay(hit) : "", module: "" };
  }

  return { judge, overlaps, relatedBy };
})();
