// What a page shows when something failed, for whoever reads of it and was not there.

/** What hangs is left alone: a failure is told all the same. */
const soon = (work) => {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error("it does not answer")), 10_000)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/** Its address and text, and a picture of it at `file`, which is named. */
export const shown = async (page, file) => {
  const text = await soon(page.evaluate(() => document.body.innerText)).catch((error) => `(${error.message})`);
  const picture = await soon(page.screenshot({ path: file, animations: "disabled" })).then(() => file, (error) => `none: ${error.message}`);
  return `--- at ${page.url()}; picture: ${picture}\n${text.replace(/\n{2,}/g, "\n").slice(0, 3_000)}`;
};
