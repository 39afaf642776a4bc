// Sharing and downloading: small panels that close when one looks elsewhere, and links that are made and taken back.

import { call, json } from "./api.js";
import { localize } from "./locale.js";
import { closesByItself } from "./menu.js";
import { offerCopy } from "./rewrite.js";

class Sharing {
  constructor(pop) {
    const part = (id) => pop.querySelector(`#share-${id}`);
    [this.form, this.fresh, this.url] = ["form", "new", "url"].map(part);
    [this.list, this.error, this.template] = ["links", "error", "link"].map(part);
    this.path = this.form.dataset.links;
    pop.addEventListener("toggle", () => pop.open && this.attempt(() => this.show()));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => this.make());
    });
    offerCopy(part("copy"), () => this.url.value);
    this.url.addEventListener("focus", () => this.url.select());
  }

  async attempt(action) {
    this.error.hidden = true;
    try {
      await action();
    } catch (problem) {
      this.error.textContent = problem.message;
      this.error.hidden = false;
    }
  }

  async make() {
    const given = new FormData(this.form);
    const wanted = { expires_in_hours: Number(given.get("expires_in_hours")), mask: given.has("mask") };
    const link = await call(this.path, json("POST", wanted));
    this.url.value = link.url;
    this.fresh.hidden = false;
    this.url.focus();
    await this.show();
  }

  async show() {
    const links = await call(this.path);
    this.list.replaceChildren(...links.map((link) => this.row(link)));
    localize(this.list);
  }

  row(link) {
    const row = this.template.content.cloneNode(true).firstElementChild;
    row.querySelector("time").dateTime = link.expires_at;
    row.querySelector(".share-masked").hidden = !link.mask;
    row.querySelector("button").addEventListener("click", () =>
      this.attempt(async () => {
        await call(`${this.path}/${link.id}`, { method: "DELETE" });
        this.fresh.hidden = true;
        this.form.querySelector("button").focus();
        await this.show();
      }),
    );
    return row;
  }
}

export function startTravel(article) {
  article.querySelectorAll("details.pop").forEach(closesByItself);
  const share = article.querySelector("#share");
  if (share) new Sharing(share);
}
