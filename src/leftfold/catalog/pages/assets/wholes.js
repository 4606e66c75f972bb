"use strict";
/* The catalog as impact asks for it: the same questions that `Catalog` of Leftfold answers, from the data files. */
leftfold.wholeOf = ({ patterns, contexts, events, edges, silent, handlers, taken }) => {
  const ORIGINS = ["declared", "static", "observed"];
  const KINDS = ["directed", "partnership", "shared-kernel", "separate-ways"];
  const { compare } = leftfold;
  const named = (number) => contexts[number][0];
  const role = (number) => patterns[number][0];

  const described = contexts.map(([name, , team, , look]) => ({
    name, team, registered: look !== "unregistered", mud: look === "mud", silent: false,
  }));
  for (const number of silent) described[number].silent = true;
  const byName = new Map(described.filter((one) => one.registered).map((one) => [one.name, one]));

  const known = edges.map(([kind, upstream, downstream, up, down, veto, layer, kernel, place]) => ({
    kind: KINDS[kind], upstream: named(upstream), downstream: named(downstream), up: up.map(role), down: down.map(role),
    veto: Boolean(veto), layer, kernel, place,
  }));
  const pairs = new Map();
  const relatives = new Map(described.filter((one) => one.registered).map((one) => [one.name, new Set()]));
  const kernels = new Map();
  for (const edge of known) {
    edge.pair = [edge.upstream, edge.downstream].sort(compare);
    push(pairs, JSON.stringify(edge.pair), edge);
    for (const [one, other] of [edge.pair, [...edge.pair].reverse()]) {
      if (!relatives.has(one)) relatives.set(one, new Set());
      relatives.get(one).add(other);
    }
    if (edge.kind === "shared-kernel" && edge.kernel) edge.pair.forEach((name) => push(kernels, edge.kernel, name));
  }
  for (const [name, sharing] of kernels) kernels.set(name, [...new Set(sharing)].sort(compare));

  const handlersKnown = handlers.map(([open, emits]) => ({
    open: Boolean(open),
    emits: emits.map(([event, version, derived]) => ({
      event: typeof event === "number" ? events[event][0] : event, version, derived,
    })),
  }));
  const eventsKnown = new Map();
  const speaking = new Map();
  const listening = new Set();
  events.forEach(([name, versions], number) => {
    const published = versions.map(([context, version, label, sunset]) => ({ context: named(context), version, label, sunset }));
    const takers = taken[number].map(([context, said, read, reads, by, handler, evidence, place = "", code = "", seen = ""]) => ({
      context: named(context), event: name, versions: said, read: read.map((each) => published[each]), reads, by,
      handler: handler < 0 ? null : handlersKnown[handler], evidence: evidenceOf(ORIGINS[evidence], place, code, seen),
    }));
    eventsKnown.set(name, { published, takers });
    for (const { context } of published) {
      push(speaking, context, name);
      for (const taker of takers) listening.add(JSON.stringify([taker.context, context]));
    }
  });

  function evidenceOf(kind, place, code, seen) {
    const onlySeen = kind === "observed" && !place;
    const found = onlySeen ? [] : [{ kind, ...(place ? { place } : {}) }];
    if (code) found.push({ kind: "static", place: code });
    if (seen || onlySeen) found.push({ kind: "observed", ...(seen ? { last_seen: seen } : {}) });
    return found;
  }

  function push(map, key, value) {
    if (!map.has(key)) map.set(key, []);
    map.get(key).push(value);
  }

  return {
    edges: known,
    kernels,
    byName,
    contexts: described.map((one) => one.name),
    published: (event) => eventsKnown.get(event)?.published ?? [],
    taken: (event) => eventsKnown.get(event)?.takers ?? [],
    publishes: (name) => [...new Set(speaking.get(name) ?? [])],
    teamOf: (name) => byName.get(name)?.team ?? "",
    ofTeam: (team) => [...byName.values()].filter((one) => one.team === team).map((one) => one.name),
    teams: () => [...new Set([...byName.values()].map((one) => one.team).filter(Boolean))].sort(compare),
    listens: (consumer, publisher) => listening.has(JSON.stringify([consumer, publisher])),
    between: (one, other) => pairs.get(JSON.stringify([one, other].sort(compare))) ?? [],
    related: (name) => [...(relatives.get(name) ?? [])],
    isSilent: (name) => byName.get(name)?.silent ?? true,
  };
};
