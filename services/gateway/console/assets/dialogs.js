// Orders in a dialog: the same page that a link leads to, shown on top. Without this script the link simply leads there.

const dialog = document.getElementById("dialog");

export function installDialogs() {
  document.addEventListener("click", onClick);
  dialog.addEventListener("close", () => dialog.replaceChildren());
  // A click on what is behind closes the dialog, unless something was typed into it.
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && !isTouched()) dialog.close();
  });
}

function isTouched() {
  return [...dialog.querySelectorAll("textarea, input:not([type=hidden])")].some(
    (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked,
  );
}

async function onClick(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-dialog], a[data-close]");
  if (!link) return;
  if (link.hasAttribute("data-close")) {
    if (dialog.open && dialog.contains(link)) {
      event.preventDefault();
      dialog.close();
    }
    return;
  }
  event.preventDefault();
  try {
    await show(link.href);
  } catch {
    location.assign(link.href);
  }
}

export async function show(url) {
  const answer = await fetch(url, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const sheet = page.querySelector(".sheet:has(#sheet-title)");
  if (!sheet) throw new Error("not an order");
  dialog.replaceChildren(document.importNode(sheet, true));
  if (!dialog.open) dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("filled"));
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector("a, button"))?.focus();
}
