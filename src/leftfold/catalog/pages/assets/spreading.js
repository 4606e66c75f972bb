"use strict";
/* How a change spreads: the same walk as in Leftfold's spreading.py, step for step, so that both give the same answer.
   A test holds the two to each other. */
leftfold.impactOf = (() => {
  const { compare } = leftfold;
  const { judge, overlaps, relatedBy } = leftfold.judging;
  const RANK = { affected: 0, absorbed: 1, deferred: 2, unknown: 3 };
  const LAYER = "anti-corruption-layer";

  function comparePaths(one, other) {
    if (one.length !== other.length) return one.length - other.length;
    return compareTexts(one, other);
  }

  function compareTexts(one, other) {
    for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
      const order = compare(one[at], other[at]);
      if (order) return order;
    }
    return one.length - other.length;
  }

  function compareStates(one, other) {
    return compare(one.kind, other.kind) || compare(one.name, other.name) || one.version - other.version
      || compare(one.field, other.field) || one.gone - other.gone;
  }

  function stateOf(kind, name, { version = 0, field = "", gone = false } = {}) {
    const suffix = `${version ? `@${version}` : ""}${field ? `#${field}` : ""}`;
    return { kind, name, version, field, gone, label: kind === "event" ? name + suffix : name };
  }

  const keyOf = (...parts) => JSON.stringify(parts);
  const stateKey = ({ kind, name, version, field, gone }) => keyOf(kind, name, version, field, gone);

  /* What waits, the nearest first: a binary heap. */
  class Waiting {
    items = [];

    get size() {
      return this.items.length;
    }

    static before(one, other) {
      return (comparePaths(one.path, other.path) || compareStates(one.state, other.state)) < 0;
    }

    push(item) {
      const { items } = this;
      let at = items.push(item) - 1;
      for (let up = (at - 1) >> 1; at > 0 && Waiting.before(item, items[up]); up = (at - 1) >> 1) {
        items[at] = items[up];
        at = up;
      }
      items[at] = item;
    }

    pop() {
      const { items } = this;
      const first = items[0];
      const last = items.pop();
      if (!items.length) return first;
      let at = 0;
      for (let down = 1; down < items.length; down = 2 * at + 1) {
        if (down + 1 < items.length && Waiting.before(items[down + 1], items[down])) down += 1;
        if (!Waiting.before(items[down], last)) break;
        items[at] = items[down];
        at = down;
      }
      items[at] = last;
      return first;
    }
  }

  class Spread {
    constructor(whole, change) {
      Object.assign(this, { whole, change, waiting: new Waiting(), hits: new Map(), spared: new Map() });
      Object.assign(this, { origin: new Set(), publishers: new Set() });
    }

    of(subject) {
      for (const state of this.starts(subject)) this.push([state.label], state);
      const roots = new Set(this.waiting.items.map(({ state }) => stateKey(state)));
      const done = new Set();
      while (this.waiting.size) {
        const { path, state } = this.waiting.pop();
        const key = stateKey(state);
        if (!done.has(key)) {
          done.add(key);
          const near = path.length === 2 && state.kind === "event" && this.origin.has(path[0]);
          this.expand(state, path, roots.has(key) || near);
        }
      }
      return { subject: told(subject), change: this.change, hits: this.sortedHits(), unaffected: this.sortedSpared() };
    }

    starts({ kind, name, version, field }) {
      if (kind === "team" || kind === "context") {
        const names = kind === "team" ? this.whole.ofTeam(name) : [name];
        this.origin = new Set(names);
        return names.map((one) => stateOf("context", one));
      }
      if (kind === "kernel") return [stateOf("kernel", name)];
      this.publishers = new Set(this.whole.published(name).map((one) => one.context));
      const gone = this.change === "remove" && !field && version === null;
      return [stateOf("event", name, { version: version ?? 0, field, gone })];
    }

    push(path, state) {
      this.waiting.push({ path, state });
    }

    expand(state, path, direct) {
      if (state.kind === "event") this.event(state, path, direct);
      else if (state.kind === "context") this.context(state.name, path, direct);
      else if (state.kind === "kernel") this.kernel(state.name, path);
      else this.below(state.name, path);
    }

    event(state, path, direct) {
      const takers = new Set();
      for (const taker of this.whole.taken(state.name)) {
        takers.add(taker.context);
        const found = judge(this.whole, taker, this.change, state);
        if (typeof found === "string") this.spare(taker.context, found, state.name, taker.by);
        else this.take(taker, found, state, path, direct);
      }
      if (this.change === "add") return;
      const publishers = new Set(this.whole.published(state.name).map((one) => one.context));
      for (const publisher of publishers) this.unheard(publisher, takers, path, direct);
    }

    take(taker, found, state, path, direct) {
      const { context: name, by, handler } = taker;
      const here = [...path, by ? `${name}:${by}` : name];
      this.hit({
        context: name, team: this.whole.teamOf(name), registered: this.whole.byName.has(name), outcome: found.outcome,
        basis: "event", direct,
        path: here, event: state.name, handler: by, reads: taker.reads, until: found.until, module: found.module,
        open: handler ? handler.open : this.whole.publishes(name).length > 0,
        approvals: this.approvals(found.edges, false), evidence: taker.evidence,
      });
      if (found.outcome !== "affected") return;
      if (this.whole.byName.get(name)?.mud) this.push(here, stateOf("below", name));
      for (const emission of handler ? handler.emits : []) {
        for (const field of derivedOf(emission.derived, state.field)) {
          const after = stateOf("event", emission.event, { version: emission.version, field });
          this.push([...here, after.label], after);
        }
      }
    }

    /* Whoever follows the publisher, says nothing of what it takes, and is not known to take this all the same. */
    unheard(publisher, takers, path, direct) {
      for (const other of this.whole.related(publisher)) {
        const edges = relatedBy(this.whole, publisher, other);
        if (edges.length && this.whole.isSilent(other) && !takers.has(other)) {
          this.relation(other, edges, [...path, other], "unknown", direct);
        }
      }
    }

    context(name, path, direct) {
      if (this.change === "add") return;
      for (const event of this.whole.publishes(name).sort(compare)) {
        const state = stateOf("event", event, { gone: direct && this.change === "remove" });
        this.push([...path, state.label], state);
      }
      if (this.whole.byName.get(name)?.mud) this.push(path, stateOf("below", name));
      for (const other of this.whole.related(name)) {
        if (relatedBy(this.whole, name, other).length) this.follow(name, other, path, direct);
        else this.apart(name, other);
      }
    }

    /* To the other one, unless its events reach it; what follows in one that was only seen taking some nobody says. */
    follow(name, other, path, direct) {
      const here = [...path, other];
      const edges = relatedBy(this.whole, name, other);
      const listens = this.whole.listens(other, name);
      const absorbed = edges.some((edge) => edge.down.includes(LAYER));
      if (!listens) this.relation(other, edges, here, absorbed ? "absorbed" : "affected", direct);
      if (!absorbed && !(listens && !this.whole.isSilent(other))) this.goOn(other, here);
    }

    goOn(name, path) {
      if (this.whole.byName.get(name)?.mud) this.push(path, stateOf("below", name));
      else if (this.whole.isSilent(name)) this.push(path, stateOf("context", name));
    }

    kernel(kernel, path) {
      if (this.change === "add") return;
      const edges = this.whole.edges.filter((edge) => edge.kind === "shared-kernel" && edge.kernel === kernel);
      for (const name of this.whole.kernels.get(kernel)) {
        this.relation(name, edges, [...path, name], "affected", true, true);
        this.goOn(name, [...path, name]);
      }
    }

    below(name, path) {
      const takers = this.whole.publishes(name).flatMap((event) => this.whole.taken(event).map((one) => one.context));
      const related = new Set(this.whole.related(name));
      for (const other of [...new Set([...takers, ...related])].sort(compare)) {
        if (other === name) continue;
        const edges = relatedBy(this.whole, name, other);
        if (edges.length || !related.has(other)) {
          this.relation(other, edges, [...path, other], "unknown", false);
          if (!edges.some((edge) => edge.down.includes(LAYER))) this.push([...path, other], stateOf("below", other));
        }
      }
    }

    apart(name, other) {
      if (this.whole.between(name, other).some((edge) => edge.kind === "separate-ways")) {
        this.spare(other, `it and ${name} go separate ways`, "", "");
      }
    }

    spare(context, reason, event, handler) {
      const key = keyOf(context, event, handler);
      if (!this.spared.has(key)) this.spared.set(key, { context, reason, event, handler });
    }

    relation(name, edges, path, outcome, direct, kernel = false) {
      const layer = edges.find((edge) => edge.layer && edge.downstream === name)?.layer ?? "";
      const places = [...new Set(edges.filter((edge) => edge.pair.includes(name)).map((edge) => edge.place))];
      this.hit({
        context: name, team: this.whole.teamOf(name), registered: this.whole.byName.has(name), outcome,
        basis: kernel ? "kernel" : "relation", direct, path, event: "", handler: "", reads: null, until: "",
        module: layer, open: outcome === "affected" && !this.whole.isSilent(name),
        approvals: outcome === "unknown" ? [] : this.approvals(edges, true),
        evidence: places.sort(compare).map((place) => ({ kind: "declared", ...(place ? { place } : {}) })),
      });
    }

    approvals(edges, kernel) {
      const found = new Map();
      const add = (context, because) => {
        found.set(keyOf(context, because), { team: this.whole.teamOf(context), context, because });
      };
      for (const edge of edges) {
        if (edge.kind === "directed" && edge.veto) add(edge.downstream, "veto");
        else if (edge.kind === "partnership") edge.pair.forEach((name) => add(name, "partnership"));
        else if (edge.kind === "shared-kernel" && kernel) {
          (this.whole.kernels.get(edge.kernel) ?? edge.pair).forEach((name) => add(name, "shared-kernel"));
        }
      }
      return sortedApprovals(found.values());
    }

    hit(hit) {
      const key = keyOf(hit.context, hit.event, hit.handler, hit.outcome);
      const known = this.hits.get(key);
      if (!known) {
        this.hits.set(key, hit);
        return;
      }
      const nearer = comparePaths(hit.path, known.path) < 0;
      const nearest = nearer ? { ...hit, direct: hit.direct || known.direct } : known;
      const told = new Map([...known.evidence, ...hit.evidence].map((one) => [JSON.stringify(one), one]));
      this.hits.set(key, hit.basis === "event" ? { ...nearest, evidence: [...told.values()] } : nearest);
    }

    sortedHits() {
      const best = new Map();
      const worst = new Map();
      const keep = (map, key, rank) => map.set(key, Math.min(map.get(key) ?? rank, rank));
      const own = (hit) => keyOf(hit.context, hit.event, hit.handler);
      for (const hit of this.hits.values()) {
        keep(best, own(hit), RANK[hit.outcome]);
        keep(worst, hit.context, RANK[hit.outcome]);
      }
      return [...this.hits.values()].filter((hit) => RANK[hit.outcome] === best.get(own(hit))
        && !(hit.outcome === "unknown" && (worst.get(hit.context) === 0 || this.publishers.has(hit.context)))
        && !this.origin.has(hit.context)).sort((one, other) => comparePaths(one.path, other.path)
        || RANK[one.outcome] - RANK[other.outcome] || compare(one.event, other.event));
    }

    sortedSpared() {
      const hit = new Set([...this.hits.values()].map((one) => keyOf(one.context, one.event, one.handler)));
      const words = (one) => [one.context, one.reason, one.event, one.handler];
      return [...this.spared].filter(([key, one]) => !hit.has(key) && !this.origin.has(one.context))
        .map(([, one]) => one).sort((one, other) => compareTexts(words(one), words(other)));
    }
  }

  function sortedApprovals(found) {
    const words = (one) => [one.team, one.context, one.because];
    return [...found].sort((one, other) => compareTexts(words(one), words(other)));
  }

  /* The fields of an emitted event that a change of a field reaches; empty text for all of the event. */
  function derivedOf(derived, field) {
    if (derived === null || !field) return [""];
    return derived.filter(([, sources]) => sources.some((source) => overlaps(field, source))).map(([name]) => name);
  }

  function told({ kind, name, version, field }) {
    return `${kind} ${name}${version === null ? "" : `@${version}`}${field ? `#${field}` : ""}`;
  }

  function withNames(found) {
    const approvals = new Map(found.hits.flatMap((hit) => hit.approvals).map((one) => [keyOf(one), one]));
    const named = (test) => [...new Set(found.hits.filter(test).map((hit) => hit.context))];
    return {
      ...found,
      names: named((hit) => hit.outcome !== "unknown"),
      registered: named((hit) => hit.outcome !== "unknown" && hit.registered),
      unregistered: named((hit) => hit.outcome !== "unknown" && !hit.registered),
      unknown: named((hit) => hit.outcome === "unknown"),
      approvals: sortedApprovals(approvals.values()),
    };
  }

  /* What a change of a subject leads to: {kind, name, version or null, field or ""} as `Subject` of Leftfold. */
  return (whole, subject, change) => withNames(new Spread(whole, change).of(subject));
})();
