import type { News } from "../supervisor.ts";

/** What a supervisor tells, to be waited for. */
export class NewsInbox {
  readonly #news: News[] = [];
  #arrived = Promise.withResolvers<void>();

  /** The names of all that was told and not taken, in order. */
  get names(): string[] {
    return this.#news.map(({ id, name }) => `${id} ${name}`);
  }

  readonly tell = (news: News): void => {
    this.#news.push(news);
    this.#arrived.resolve();
  };

  /** Takes the oldest news; waits until there is some. */
  async next(): Promise<News> {
    for (;;) {
      const news = this.#news.shift();
      if (news) return news;
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
  }

  /** Takes news until this one comes. */
  async until(name: News["name"]): Promise<News> {
    let news = await this.next();
    while (news.name !== name) news = await this.next();
    return news;
  }
}
