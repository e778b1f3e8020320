// Makes one element like another while keeping what the person has: focus, scroll, selection, opened details, typed text.

const OURS = new Set(["open", "data-left", "data-fresh", "data-late", "data-soon"]);

export function morph(from, to) {
  const focused = document.activeElement;
  makeLike(from, to);
  // An element that was moved stays the same element but loses the focus.
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

function makeLike(from, to) {
  if (from.isEqualNode(to) && !from.matches("input, textarea, select")) return;
  if (from.matches("input, textarea, select")) return renewField(from, to);
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
    if (match !== at && match.id) {
      // It comes sooner now: it is moved, so that what stood before it keeps what it has.
      move(from, match, at);
    } else {
      while (at !== match) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
      }
      at = match.nextSibling;
    }
    if (match.nodeType !== Node.ELEMENT_NODE) {
      if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
    } else if (!isBeingEdited(match)) {
      makeLike(match, wanted);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function move(parent, node, before) {
  if (parent.moveBefore) parent.moveBefore(node, before);
  else parent.insertBefore(node, before);
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

// A form is left as it is from the first change in it on, hidden fields included: they say what was seen when it began.
function isBeingEdited(element) {
  if (!element.matches("form")) return false;
  return element.matches(":focus-within:has(input:focus, textarea:focus, select:focus)") || [...element.elements].some(isTouched);
}

export function isTouched(field) {
  if (field.matches("input[type=checkbox], input[type=radio]")) return field.checked !== field.defaultChecked;
  if (field.matches("select")) {
    const chosen = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(0, chosen);
  }
  return field.matches("textarea, input:not([type=hidden])") && field.value !== field.defaultValue;
}

// A field nobody touched becomes the new one; one that was keeps what it says, but what it stands for is renewed.
function renewField(from, to) {
  if (from === document.activeElement && from.matches("textarea, select, input:not([type=checkbox], [type=radio])")) return;
  const touched = isTouched(from);
  const [checked, value] = [from.checked, from.value];
  syncAttributes(from, to);
  if (!from.matches("input[type=checkbox], input[type=radio]")) {
    if (!from.matches("input")) syncChildren(from, to);
    if (touched) from.value = value;
    else if (from.matches("textarea, input:not([type=file])")) from.value = from.defaultValue;
  } else {
    from.checked = touched ? checked : from.defaultChecked;
  }
}
