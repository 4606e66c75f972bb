"use strict";
/* The table of contexts: what is typed shows at once what fits, and is kept in the address. Of very many the first are
   shown; the next are made when somebody gets there. */
(() => {
  const MOST_AT_ONCE = 100;
  const { element, count } = leftfold;
  const body = document.getElementById("contexts");
  const search = document.getElementById("search");
  const told = document.getElementById("told");
  const eventsPart = document.getElementById("events");
  const more = document.getElementById("more");
  const rows = [];
  let waiting = [];

  function row(one, number) {
    const [, , team, subdomain, look, purpose, , events, taken, wrong, patterns] = one;
    const marks = look && look !== subdomain ? [" ", element("span", { class: `badge ${look}` }, word(look))] : [];
    const bad = wrong ? [" ", element("span", { class: "wrong", title: "errors and warnings" }, count(wrong))] : [];
    const codes = patterns.map((each) => leftfold.patterns[each]);
    const pattern = element("td", { class: "codes", title: codes.map(([words]) => words).join(", ") });
    pattern.textContent = codes.map(([, short]) => short).join(" ");
    return element(
      "tr",
      {},
      element("td", { class: "name" }, leftfold.contextLink(number), ...marks, ...bad),
      element("td", { class: "team" }, team),
      element("td", {}, subdomain ? element("span", { class: `badge ${subdomain}` }, subdomain) : ""),
      pattern,
      element("td", { class: "number" }, events ? count(events) : ""),
      element("td", { class: "number" }, taken ? count(taken) : ""),
      element("td", { class: "purpose" }, purpose),
    );
  }

  function word(look) {
    return { mud: "big ball of mud", unregistered: "not registered" }[look] ?? look;
  }

  function show(text) {
    const contexts = leftfold.finding.contexts(text);
    const events = leftfold.finding.events(text);
    waiting = contexts;
    body.replaceChildren();
    showMore();
    body.closest(".wide").hidden = !contexts.length;
    showEvents(events);
    const eventWords = events.count ? `, ${count(events.count)} events` : "";
    told.textContent = text.trim() ? `${count(contexts.length)} contexts${eventWords}` : "";
    leftfold.openFirst = () => open(contexts, events);
  }

  function showMore() {
    body.append(...waiting.slice(0, MOST_AT_ONCE).map((number) => (rows[number] ??= row(leftfold.contexts[number], number))));
    waiting = waiting.slice(MOST_AT_ONCE);
    more.hidden = !waiting.length;
    more.textContent = `Show ${count(Math.min(waiting.length, MOST_AT_ONCE))} more of ${count(waiting.length)}`;
  }

  function showEvents({ count: number, found }) {
    eventsPart.hidden = !found.length;
    if (!found.length) return eventsPart.replaceChildren();
    const more = number > found.length ? element("p", { class: "quiet" }, `The first ${found.length} of ${count(number)}.`) : "";
    const items = found.map(({ number: event, fields }) => element("li", {}, eventLink(event), ...fields.slice(0, 6).flatMap(
      (field) => [" ", element("code", {}, field)],
    )));
    const list = element("ul", { class: "found" }, ...items);
    eventsPart.replaceChildren(element("h2", {}, "Events"), list);
    eventsPart.append(more);
    return undefined;
  }

  function eventLink(event) {
    const [name, versions] = leftfold.events[event];
    if (!versions.length) return element("span", {}, name, " ", element("span", { class: "quiet" }, "nobody publishes it"));
    const publisher = leftfold.contexts[versions[0][0]][0];
    const link = element("a", { href: leftfold.eventFile(versions[0][0], name) }, name);
    return element("span", {}, link, " ", element("span", { class: "quiet" }, `of ${publisher}`));
  }

  /* A context, unless only an event is called so. */
  function open(contexts, events) {
    const text = search.value.trim().toLowerCase();
    const event = events.found.find(({ number }) => leftfold.events[number][1].length);
    const named = contexts.length && leftfold.contexts[contexts[0]][0].toLowerCase().includes(text);
    const eventNamed = event && leftfold.events[event.number][0].toLowerCase().includes(text);
    if (contexts.length && (named || !eventNamed)) location.href = leftfold.contextFile(contexts[0]);
    else if (event) location.href = leftfold.eventFile(leftfold.events[event.number][1][0][0], leftfold.events[event.number][0]);
  }

  function fromAddress() {
    search.value = leftfold.hash().get("q") ?? "";
    show(search.value);
  }

  more.addEventListener("click", showMore);
  new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && showMore()).observe(more);
  search.addEventListener("input", () => {
    leftfold.setHash(search.value ? { q: search.value } : {});
    show(search.value);
  });
  window.addEventListener("hashchange", fromAddress);
  fromAddress();
})();
