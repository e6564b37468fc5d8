// Makes elements without markup in texts.

/** The attributes of a new element; those that are undefined or false are left out. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Returns a new element with attributes and children; texts stay texts. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children);
  return element;
}

/** Returns the element of the page with an id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element #${id}`);
  return element;
}

/** Sets the text of an element, unless it has that text already. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Returns a name with its direction kept apart from the text around it. */
export function isolated(name: string, className?: string): HTMLElement {
  return make("bdi", { class: className }, name);
}

/** The only text of an element, changed without making another node. */
export class TextCell<E extends HTMLElement = HTMLElement> {
  readonly element: E;
  readonly #text = document.createTextNode("");

  constructor(element: E) {
    this.element = element;
    element.append(this.#text);
  }

  /** Sets the text. */
  set(text: string): void {
    this.#text.data = text;
  }
}
