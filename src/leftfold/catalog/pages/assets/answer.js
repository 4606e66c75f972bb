"use strict";
/* The answer to what breaks, as `leftfold impact` gives it: by outcome, with paths, who answers and who has to agree. */
leftfold.answer = (() => {
  const { element, count } = leftfold;
  const OUTCOMES = ["affected", "absorbed", "deferred", "unknown"];
  const MEANINGS = {
    affected: "has to change",
    absorbed: "its layer has to change, and nothing behind it",
    deferred: "another version that it reads is still served",
    unknown: "nobody says what it takes",
  };

  function linkTo(numbers, name) {
    const number = numbers.get(name);
    return number === undefined ? element("span", {}, name) : leftfold.contextLink(number);
  }

  function about(hit) {
    const said = [];
    if (hit.basis === "event") said.push(`reads ${hit.reads === null ? "all of it" : hit.reads.join(", ") || "only that it happened"}`);
    if (hit.module) said.push(`translated in ${hit.module}`);
    if (hit.outcome === "deferred") said.push(hit.until ? `what it reads is served until ${hit.until}` : "what it reads is served, with no end set");
    else if (hit.until) said.push(`served until ${hit.until}`);
    if (hit.open) said.push("what this leads to is not declared");
    for (const one of hit.evidence) {
      said.push(`${one.kind}${one.place ? ` at ${one.place}` : ""}${one.last_seen ? ` last on ${one.last_seen.slice(0, 10)}` : ""}`);
    }
    return said.join("; ");
  }

  function item(hit, numbers) {
    const team = hit.team ? `team ${hit.team}` : hit.registered ? "" : "not registered";
    const who = element("p", { class: "who" }, linkTo(numbers, hit.context));
    const words = [team, hit.handler].filter(Boolean).join(", ");
    if (words) who.append(" ", element("span", { class: "quiet" }, words));
    const path = element("p", { class: "path" });
    hit.path.forEach((step, at) => path.append(...(at ? [element("span", { class: "arrow" }, " → ")] : []), element("span", {}, step)));
    return element("li", {}, who, path, element("p", { class: "about" }, about(hit)));
  }

  function block(outcome, hits, numbers) {
    const head = element("h2", { class: outcome }, outcome, element("span", { class: "count" }, count(hits.length)));
    const list = element("ol", { class: "hits" }, ...hits.map((hit) => item(hit, numbers)));
    return element("section", {}, head, element("p", { class: "quiet" }, MEANINGS[outcome]), list);
  }

  function spared(found, numbers) {
    const items = found.map((one) => element(
      "li", {}, linkTo(numbers, one.context), one.handler ? ` (${one.handler})` : "", `: ${one.reason}`,
    ));
    const head = element("summary", {}, element("h2", { class: "unaffected" }, "unaffected", element("span", { class: "count" }, count(found.length))));
    return element("details", found.length <= 20 ? { open: true } : {}, head, element("ul", { class: "spared" }, ...items));
  }

  function agreeing(approvals, numbers) {
    const items = approvals.map((one) => element(
      "li", {}, element("strong", {}, one.team || "the team"), " for ", linkTo(numbers, one.context), `: ${one.because}`,
    ));
    return element("section", {}, element("h2", {}, "Has to agree"), element("ul", { class: "agree" }, ...items));
  }

  function owners(hits) {
    return [...new Set(hits.filter((hit) => hit.outcome !== "unknown").map((hit) => hit.team).filter(Boolean))].sort(leftfold.compare);
  }

  function summary(found) {
    const hit = found.names.length;
    const words = hit ? `${count(hit)} ${hit === 1 ? "context has" : "contexts have"} to do something` : "Nobody has to do anything";
    const teams = owners(found.hits);
    const parts = [element("p", { class: "verdict" }, words)];
    if (teams.length) parts.push(element("p", {}, element("span", { class: "quiet" }, "Teams: "), teams.join(", ")));
    if (found.unregistered.length) parts.push(element("p", {}, element("span", { class: "quiet" }, "Not registered: "), found.unregistered.join(", ")));
    return element("section", { class: "summary" }, element("p", { class: "quiet" }, `${found.change} ${found.subject}`), ...parts);
  }

  function show(found) {
    const numbers = new Map(leftfold.contexts.map(([name], number) => [name, number]));
    const parts = [summary(found)];
    if (found.approvals.length) parts.push(agreeing(found.approvals, numbers));
    for (const outcome of OUTCOMES) {
      const hits = found.hits.filter((hit) => hit.outcome === outcome);
      if (hits.length) parts.push(block(outcome, hits, numbers));
    }
    if (found.unaffected.length) parts.push(spared(found.unaffected, numbers));
    return parts;
  }

  return { show };
})();
