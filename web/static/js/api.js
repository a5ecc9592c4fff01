/** The JSON API from the page: same origin, problem details as errors. */

const base = "/api/v1";

/** What the server refused, in its own words (RFC 9457). */
export class Refused extends Error {
  constructor(status, problem = {}) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.fields = problem.fields || {};
  }
}

/** No answer came at all. */
export class Away extends Error {}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Away("Evantr does not answer. Check the connection and try again.");
  }
  if (answer.ok) return answer;
  const problem = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  throw new Refused(answer.status, problem);
}

/** @returns {Promise<any>} the answer's JSON, null where it has none */
export async function call(method, path, body, options = {}) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await ask(base + path, { method, headers, body: body && JSON.stringify(body), ...options });
  return answer.headers.get("content-type")?.includes("json") ? answer.json() : null;
}

export const get = (path, options) => call("GET", path, undefined, options);

/** A piece of a page, drawn by the server. */
export async function piece(address, options = {}) {
  return (await page(address, { ...options, headers: { "X-Fragment": "1", ...options.headers } })).html;
}

/** A whole page, and where it came from in the end; what is refused comes in words. */
export async function page(address, options = {}) {
  const answer = await ask(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
  return { html: await answer.text(), url: answer.url };
}
