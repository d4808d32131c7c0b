/**
 * What comes back from Compute Engine, told apart from what a gateway, a proxy or a hotel answers in its place: errors with their reasons,
 * which Google's client does not keep, and things of the API's own, each of which says what kind it is.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { passingBy } from "../../rented/errors.ts"
import type { CloudError } from "../Cloud.ts"
import type { Project } from "./credentials.ts"
import type { ErrorBody } from "./errors.ts"

/** Of the call that is on its way. */
export interface Slot {
  /** What came with an answer that is an error. */
  body?: ErrorBody | undefined
  /** What answered was not the API. */
  spoilt?: CloudError
  /** That it is asked in. */
  project?: Project
  readonly signal: AbortSignal
}
export const slots = new AsyncLocalStorage<Slot>()

export type Fetch = (url: string | URL, init?: object) => Promise<Response>

const compute = /\/compute\/v1\/projects\//
/** The one answer that does not say what it is. */
const kindless = /\/getEffectiveFirewalls\b/
const ofAKind = /"kind"\s*:\s*"compute#/

const errorIn = (text: unknown): ErrorBody | undefined => {
  try {
    const body = (typeof text === "string" ? JSON.parse(text) : text) as ErrorBody | null
    return body?.error === undefined ? undefined : body
  } catch {
    return undefined
  }
}

/** `plain`: as it is sent, with credentials; `heard`: what the API's clock says. */
export const listening =
  (plain: Fetch, heard: (atMs: number) => void): Fetch =>
  async (url, init) => {
    const slot = slots.getStore()
    const given = (init as { readonly signal?: AbortSignal } | undefined)?.signal
    const signal = slot === undefined ? given : AbortSignal.any([slot.signal, ...(given === undefined ? [] : [given])])
    const answer = await plain(url, { ...init, ...(signal && { signal }) }).catch(
      (error: Error & { readonly response?: { readonly data?: unknown } }) => {
        if (slot !== undefined) slot.body = errorIn(error.response?.data) ?? errorIn(error.message)
        throw error
      }
    )
    if (slot === undefined) return answer
    // Read once, as a whole: of a copy beside it a long one is never read to its end.
    const { status, statusText } = answer
    const text = await answer.text()
    if (!answer.ok) slot.body = errorIn(text)
    else if (compute.test(`${url}`) && !kindless.test(`${url}`) && !ofAKind.test(text)) {
      slot.spoilt = passingBy("NoAnswer", `what answered for GCP is not its API: HTTP ${status} without anything of the API's`)
      throw slot.spoilt
    } else if (compute.test(`${url}`)) {
      const atMs = Date.parse(answer.headers.get("date") ?? "")
      if (!Number.isNaN(atMs)) heard(atMs)
    }
    return new Response(status === 204 ? null : text, { status, statusText })
  }
