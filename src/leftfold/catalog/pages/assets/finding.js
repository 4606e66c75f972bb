"use strict";
/* Finding contexts, events, fields and teams by words: all of them have to be in it, in any order. */
leftfold.finding = (() => {
  const MOST_EVENTS = 50;
  const name = (context) => context[0].toLowerCase();

  function wordsOf(text) {
    return text.toLowerCase().split(/\s+/).filter(Boolean);
  }

  function contextText(one) {
    const [own, , team, subdomain, look, purpose, domain, , , , patterns, words] = one;
    const said = patterns.map((each) => leftfold.patterns[each].join(" "));
    return [own, team, subdomain, look, purpose, domain, ...said, ...words].join("\n").toLowerCase();
  }

  const kept = {};

  function contextTexts() {
    return (kept.contexts ??= leftfold.contexts.map(contextText));
  }

  function eventTexts() {
    return (kept.events ??= leftfold.events.map(([own, , fields]) => [own, ...fields].join("\n").toLowerCase()));
  }

  /* How well a name fits: 0 it is the text, 1 it begins with it, 2 it has it, 3 something else has. */
  function rank(own, text) {
    return own === text ? 0 : own.startsWith(text) ? 1 : own.includes(text) ? 2 : 3;
  }

  /* Numbers of contexts, the best first; all in the order of names when nothing is asked for. */
  function contexts(text) {
    const words = wordsOf(text);
    if (!words.length) return leftfold.contexts.map((_, number) => number);
    const whole = words.join(" ");
    const found = [];
    contextTexts().forEach((said, number) => {
      if (words.every((word) => said.includes(word))) {
        found.push([rank(name(leftfold.contexts[number]), whole), number]);
      }
    });
    return found.sort((one, other) => one[0] - other[0] || one[1] - other[1]).map(([, number]) => number);
  }

  /* Events and fields: how many events there are, and the best of them with the fields that have a word. */
  function events(text, most = MOST_EVENTS) {
    const words = wordsOf(text);
    if (!words.length) return { count: 0, found: [] };
    const whole = words.join(" ");
    const ranked = [[], [], [], []];
    let count = 0;
    eventTexts().forEach((said, number) => {
      if (words.every((word) => said.includes(word))) {
        ranked[rank(leftfold.events[number][0].toLowerCase(), whole)].push(number);
        count += 1;
      }
    });
    const found = ranked.flat().slice(0, most);
    return { count, found: found.map((number) => ({ number, fields: fieldsWith(number, words) })) };
  }

  /* The fields of an event that have one of the words which its name has not. */
  function fieldsWith(number, words) {
    const [own, , fields] = leftfold.events[number];
    const left = words.filter((word) => !own.toLowerCase().includes(word));
    return fields.filter((field) => left.some((word) => field.toLowerCase().includes(word)));
  }

  function teams() {
    return (kept.teams ??= [...new Set(leftfold.contexts.map((one) => one[2]).filter(Boolean))].sort(leftfold.compare));
  }

  return { contexts, events, teams, wordsOf };
})();
