// Makes one element like another while keeping what the person has: focus, scroll, selection, opened details, typed text.

const OURS = new Set(["open", "data-left", "data-fresh"]);

export function morph(from, to) {
  if (from.isEqualNode(to)) return;
  syncAttributes(from, to);
  syncChildren(from, to);
}

function syncAttributes(from, to) {
  for (const { name, value } of [...to.attributes]) {
    if (!OURS.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!OURS.has(name) && !to.hasAttribute(name)) from.removeAttribute(name);
  }
}

function syncChildren(from, to) {
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const match = find(at, wanted);
    if (!match) {
      from.insertBefore(document.importNode(wanted, true), at);
      continue;
    }
    // What stands before a match and has no place any more goes; what comes later stays for later.
    while (at !== match) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
    at = match.nextSibling;
    if (match.nodeType !== Node.ELEMENT_NODE) {
      if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
    } else if (!isBeingEdited(match)) {
      morph(match, wanted);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

// The first sibling that is the same thing: by id, else by tag and class. Text is only matched where it stands.
function find(at, wanted) {
  if (wanted.nodeType !== Node.ELEMENT_NODE) return at?.nodeType === wanted.nodeType ? at : null;
  for (let node = at; node; node = node.nextSibling) {
    if (node.nodeName !== wanted.nodeName || node.id !== wanted.id) continue;
    if (node.id || node.getAttribute("class") === wanted.getAttribute("class")) return node;
  }
  return null;
}

function isBeingEdited(element) {
  return element.matches("form:focus-within, input, textarea, select");
}
