"use strict";
/* What breaks: the subject and the change are in the address, so that an answer can be shared. */
(() => {
  const { element, finding } = leftfold;
  const [input, version, field, change] = ["subject", "version", "field", "change"].map((id) => document.getElementById(id));
  const answer = document.getElementById("answer");
  const whole = leftfold.wholeOf(leftfold);
  const eventNumbers = new Map(leftfold.events.map(([name], number) => [name, number]));
  const MOST = 12;
  const MOST_FIELDS = 4;

  /* What fits what is typed: each kind has its share, names that fit better come first. */
  function offers(text) {
    const said = text.trim().toLowerCase();
    const rank = (name) => (name.toLowerCase() === said ? 0 : name.toLowerCase().startsWith(said) ? 1 : 2);
    const named = (kind, names) => names.filter((name) => finding.wordsOf(text).every((word) => name.toLowerCase().includes(word)))
      .map((name) => ({ kind, name, field: "", words: name }));
    const events = finding.events(text, MOST).found.flatMap(({ number, fields }) => {
      const name = leftfold.events[number][0];
      const own = fields.slice(0, MOST_FIELDS).map((one) => ({ kind: "field", name, field: one, words: `${name}#${one}` }));
      return own.length ? own : [{ kind: "event", name, field: "", words: name }];
    });
    const others = [...named("context", whole.contexts), ...named("team", whole.teams()), ...named("kernel", [...whole.kernels.keys()].sort(leftfold.compare))];
    const all = [...others, ...events].map((offer, at) => ({ offer, order: [rank(offer.name), at] }));
    all.sort((one, two) => one.order[0] - two.order[0] || one.order[1] - two.order[1]);
    return all.slice(0, MOST).map(({ offer }) => offer);
  }

  function isKnown({ kind, name }) {
    if (kind === "event") return eventNumbers.has(name);
    const known = { context: whole.contexts, team: whole.teams(), kernel: [...whole.kernels.keys()] }[kind];
    return known?.includes(name) ?? false;
  }

  function fill(select, pairs, value) {
    select.replaceChildren(...pairs.map(([key, words]) => element("option", { value: key }, words)));
    select.value = pairs.some(([key]) => key === value) ? value : pairs[0][0];
    select.disabled = pairs.length < 2;
  }

  function subject() {
    const said = leftfold.hash();
    const number = said.get("version");
    return { kind: said.get("kind"), name: said.get("name"), version: number ? Number(number) : null, field: said.get("field") ?? "" };
  }

  function fieldsOf(event) {
    const read = whole.taken(event).flatMap((taker) => taker.reads ?? []);
    return [...new Set([...leftfold.events[eventNumbers.get(event)][2], ...read])].sort(leftfold.compare);
  }

  function offerParts({ kind, name, version: number, field: pointer }) {
    const isEvent = kind === "event";
    const versions = isEvent ? whole.published(name) : [];
    fill(version, [["", "any"], ...versions.map((one) => [String(one.version), one.label || String(one.version)])], String(number ?? ""));
    fill(field, [["", "all of it"], ...(isEvent ? fieldsOf(name) : []).map((one) => [one, one])], pointer);
  }

  function show() {
    const asked = subject();
    const said = leftfold.hash();
    change.value = said.get("change") ?? "remove";
    if (change.selectedIndex < 0) change.value = "remove";
    input.value = asked.name ?? "";
    const known = asked.name !== null && isKnown(asked);
    offerParts(known ? asked : { kind: "", name: "", version: null, field: "" });
    if (!known) {
      const words = asked.name === null ? "Choose what is to change; the answer is that of `leftfold impact`." : "Nothing in this catalog is called so.";
      answer.replaceChildren(element("p", { class: "quiet" }, words));
      return;
    }
    const number = asked.version === null || version.value ? asked.version : null;
    answer.replaceChildren(...leftfold.answer.show(leftfold.impactOf(whole, { ...asked, version: number, field: field.value }, change.value)));
    document.title = `${asked.name}${field.value ? `#${field.value}` : ""}: What breaks?`;
  }

  function ask(values) {
    leftfold.setHash(Object.fromEntries(Object.entries(values).filter(([, value]) => value)));
    show();
  }

  function again() {
    const { kind, name } = subject();
    ask({ kind, name, version: version.value, field: field.value, change: change.value });
  }

  leftfold.choosing({
    input,
    list: document.getElementById("subjects"),
    offers,
    chosen: ({ kind, name, field: pointer }) => ask({ kind: kind === "field" ? "event" : kind, name, field: pointer, change: change.value }),
  });
  for (const select of [version, field, change]) select.addEventListener("change", again);
  document.getElementById("asking").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", show);
  show();
})();
