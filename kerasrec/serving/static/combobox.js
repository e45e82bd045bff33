// An input with suggestions and the chips that were picked: the editable combobox of the
// WAI-ARIA Authoring Practices, https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

const WAIT = 120; // milliseconds after a key, before the server is asked

export class Combobox {
  // search(text, signal) gives [{id, title}]; changed() is called when the picks have changed;
  // announce(text) makes a screen reader read it.
  constructor(field, { search, changed, announce, most = Infinity }) {
    this.field = field;
    this.input = field.querySelector("input");
    this.list = field.querySelector("ul");
    this.chips = field.querySelector(".chips");
    this.search = search;
    this.changed = changed;
    this.announce = announce;
    this.most = most;
    this.picked = [];
    this.options = [];
    this.active = -1;
    this.list.id = `${field.id}-list`;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", field.querySelector("label").textContent);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      autocapitalize: "none",
      spellcheck: "false",
    })) {
      this.input.setAttribute(name, value);
    }
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("click", () => this.list.hidden && this.look());
    // The input keeps the focus while the mouse picks.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.pick(this.options[[...this.list.children].indexOf(option)]);
    });
  }

  get ids() {
    return this.picked.map((each) => each.id);
  }

  // Picks that come from elsewhere, such as the address.
  set(picked) {
    this.picked = picked;
    this.show();
  }

  pick(option) {
    this.input.value = "";
    this.close();
    if (this.most === 1) this.picked = [option];
    else this.picked = [...this.picked.filter((each) => each.id !== option.id), option];
    this.show();
    this.announce(`Added ${option.title || option.id}.`);
    this.changed();
  }

  remove(place) {
    const [gone] = this.picked.splice(place, 1);
    this.show();
    this.announce(`Removed ${gone.title || gone.id}.`);
    this.changed();
  }

  show() {
    this.chips.replaceChildren(
      ...this.picked.map((each, place) => {
        const chip = document.createElement("li");
        const name = document.createElement("span");
        name.textContent = each.title || each.id;
        name.title = each.title ? each.id : "";
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "\u00d7";
        button.setAttribute("aria-label", `Remove ${each.title || each.id}`);
        button.addEventListener("click", () => {
          this.remove(place);
          const next = this.chips.querySelectorAll("button");
          (next[Math.min(place, next.length - 1)] ?? this.input).focus();
        });
        chip.append(name, button);
        return chip;
      }),
    );
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), WAIT);
  }

  async look() {
    clearTimeout(this.timer);
    this.request?.abort();
    const request = (this.request = new AbortController());
    try {
      const found = await this.search(this.input.value, request.signal);
      if (request.signal.aborted || document.activeElement !== this.input) return;
      this.open(found);
    } catch (error) {
      if (error.name !== "AbortError") this.message(error.message);
    }
  }

  open(options) {
    if (!options.length) {
      this.message(`Nothing found for \u201c${this.input.value}\u201d.`);
      return;
    }
    this.options = options;
    this.list.replaceChildren(
      ...options.map((each, place) => {
        const option = document.createElement("li");
        option.id = `${this.list.id}-${place}`;
        option.setAttribute("role", "option");
        const name = document.createElement("span");
        name.textContent = each.title || each.id;
        option.append(name);
        if (each.title) {
          const id = document.createElement("span");
          id.className = "id";
          id.textContent = each.id;
          option.append(id);
        }
        return option;
      }),
    );
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(this.input.value.trim() ? 0 : -1);
    this.announce(`${options.length} suggestions.`);
  }

  message(text) {
    this.close();
    const line = document.createElement("li");
    line.className = "hint";
    line.textContent = text;
    this.list.replaceChildren(line);
    this.list.hidden = false;
    this.announce(text);
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.options = [];
    this.active = -1;
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  mark(place) {
    this.active = place;
    [...this.list.children].forEach((option, each) => {
      option.setAttribute("aria-selected", String(each === place));
    });
    const option = this.list.children[place];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const count = this.options.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!count) this.look();
      else this.mark((Math.max(this.active, step < 0 ? 0 : -1) + step + count) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.active >= 0) this.pick(this.options[this.active]);
      else if (!count) this.look();
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Escape") {
      this.input.value = "";
    } else if (event.key === "Backspace" && !this.input.value && this.picked.length) {
      this.remove(this.picked.length - 1);
    }
  }
}
