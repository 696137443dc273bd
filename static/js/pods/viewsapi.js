/** `/api/v1/views` over HTTP: a person's saved views. */

const WITHIN = 8000;

/** Every view that this person is offered; null where the portal does not tell. */
export async function fetchViews(address) {
  const { answer } = await ask('GET', address);
  return answer?.views ?? null;
}

/**
 * A request.
 *
 * @param {string} method
 * @param {string} address
 * @param {object} [body]
 * @returns {Promise<{answer?: object, error?: {code: string, params: object, message: string}}>} `error`
 *   null where nothing was heard
 */
export async function ask(method, address, body) {
  try {
    const answer = await fetch(address, {
      method,
      credentials: 'same-origin',
      headers: method === 'GET' ? {} : headers(),
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(WITHIN),
    });
    if (answer.status === 204) {
      return { answer: {} };
    }
    const said = await answer.json();
    return answer.ok ? { answer: said } : { error: said.error };
  } catch {
    return { error: null }; // Not heard, or not understood: who asks says so.
  }
}

function headers() {
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  return { 'Content-Type': 'application/json', 'X-CSRFToken': token };
}
