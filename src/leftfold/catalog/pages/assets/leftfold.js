"use strict";
/* What every page has at hand. The data files put their constants into `leftfold`; scripts add what they do.
   A lexical name cannot be taken over by an element of the same id, as a property of the window could. */
const leftfold = {
  root: document.body?.dataset.root ?? "",

  /* An element. What is put in as text stays text. */
  element(name, attributes = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...inside.filter((one) => one !== null && one !== ""));
    return made;
  },

  /* Order of two texts by code points, as Python has it; JavaScript compares halves of surrogate pairs. */
  compare(one, other) {
    if (one === other) return 0;
    const length = Math.min(one.length, other.length);
    for (let at = 0; at < length; at += 1) {
      let left = one.charCodeAt(at);
      let right = other.charCodeAt(at);
      if (left !== right) {
        if (left >= 0xd800 && right >= 0xd800) {
          left += left >= 0xe000 ? -0x800 : 0x2000;
          right += right >= 0xe000 ? -0x800 : 0x2000;
        }
        return left < right ? -1 : 1;
      }
    }
    return one.length < other.length ? -1 : 1;
  },

  count(number) {
    return number.toLocaleString("en");
  },

  /* The way to a context's page. */
  contextFile(context) {
    return `${leftfold.root}contexts/${leftfold.contexts[context][1]}`;
  },

  contextLink(context, words) {
    return leftfold.element("a", { href: leftfold.contextFile(context) }, words ?? leftfold.contexts[context][0]);
  },

  /* Where an event is on its context's page: as Python's quote() writes it, which leaves fewer signs than JavaScript. */
  eventAnchor(event) {
    const coded = encodeURIComponent(event);
    return `event-${coded.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)}`;
  },

  eventFile(context, event) {
    // The id itself has the percent signs, so they are written once more.
    return `${leftfold.contextFile(context)}#${leftfold.eventAnchor(event)}`;
  },

  hash() {
    return new URLSearchParams(location.hash.slice(1));
  },

  setHash(values) {
    const said = new URLSearchParams(values).toString();
    history.replaceState(null, "", said ? `#${said}` : location.pathname + location.search);
  },
};

document.addEventListener("DOMContentLoaded", () => {
  const search = document.getElementById("search");
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });
  document.getElementById("searching").addEventListener("submit", (event) => {
    event.preventDefault();
    if (leftfold.openFirst) leftfold.openFirst();
    else location.href = `${leftfold.root}index.html#${new URLSearchParams({ q: search.value })}`;
  });
});
