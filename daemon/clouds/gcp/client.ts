/**
 * Compute Engine through Google's own client, which is loaded when somebody has credentials and asks.
 * Credentials are the library's affair, the endpoint is gcloud's (`CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE`). Calls are made again here,
 * never by the client: what only reads or ends where that may help, what makes machines only where nothing was done.
 */
import * as Effect from "effect/Effect"
import { again } from "../../rented/again.ts"
import { refusedForAny } from "../../rented/errors.ts"
import type { CloudError } from "../Cloud.ts"
import { type Fetch, listening, type Slot, slots } from "./answers.ts"
import { accountOf, filesNow, isOnGoogle, ofNoUse, projectOf, readCredentials } from "./credentials.ts"
import { errorOf, isThrottled } from "./errors.ts"
import { type Clients, openClients } from "./open-clients.ts"
import { withWayOn } from "./way-on.ts"

const answerMaxMs = 60_000
/** A call that waits for an operation is answered within two minutes. */
const waitMaxMs = 150_000

const options = { timeout: answerMaxMs, retry: null, autoPaginate: false } as const
export type Options = typeof options

/** What a call is told: clients by name, and the project that all of it is in. */
export interface Google extends Clients {
  readonly project: string
}

export interface Gcp {
  /** `what` as the API calls it, `where` as in messages. Made again where that may help. */
  readonly ask: <A>(what: string, where: string, call: (google: Google, options: Options) => Promise<A>) => Effect.Effect<A, CloudError>
  /** Made again only where nothing was done: what it may have done before another error, the caller finds out. */
  readonly once: <A>(what: string, where: string, call: (google: Google, options: Options) => Promise<A>) => Effect.Effect<A, CloudError>
  /** The account by its mail address, and the project. */
  readonly who: Effect.Effect<{ readonly account: string; readonly project: string }, CloudError>
  /** The same, whatever of it is kept. */
  readonly whoNow: Gcp["who"]
  /** That was last asked in; null before there was one. */
  readonly lastProject: () => string | null
  /** Of these permissions those that the account has not; null where nobody says. */
  readonly lacking: (permissions: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string> | null, CloudError>
  /** Changes when the credentials or the project may be others. */
  readonly fingerprint: Effect.Effect<string>
  /** What the API's clock said with its last answer, and no clock of ours; null before there was one that told it. */
  readonly heardAtMs: () => number | null
}

interface AuthClient {
  fetch: Fetch
  readonly getAccessToken: () => Promise<{ readonly token?: string | null }>
  readonly getTokenInfo?: (token: string) => Promise<{ readonly email?: string; readonly sub?: string }>
}

const load = async (ownProject: string | null, heard: (atMs: number) => void) => {
  const file = await readCredentials()
  const { clients, fetch } = await import("./sdk.ts")
  /** What it is told to send after that was given up, the client's own `fetch` throws where nobody can catch it. */
  const unlessGivenUp: typeof fetch = async (url, init) => {
    if (init?.signal?.aborted) throw new Error("it was given up before it was sent")
    return fetch(url, init)
  }
  const { auth } = await openClients(clients, {}).projects()
  auth.useJWTAccessWithScope = true
  auth.defaultScopes = ["https://www.googleapis.com/auth/cloud-platform"]
  const authClient = (await auth.getClient().catch((error: unknown) => {
    throw ofNoUse(error)
  })) as unknown as AuthClient
  const plain = authClient.fetch.bind(authClient)
  // At 401 it gets itself another token.
  const validateStatus = (status: number) => status !== 401
  authClient.fetch = listening((url, init) => plain(url, { ...init, fetchImplementation: unlessGivenUp, validateStatus }), heard)
  const chosen =
    (await projectOf(ownProject, file)) ??
    (isOnGoogle() ? { name: await auth.getProjectId(), from: "the machine that this runs on" } : undefined)
  if (chosen === undefined) throw refusedForAny("Config", noProject, "cloud")
  const project = chosen.name
  const ask = async () => {
    const named = accountOf(file)
    if (named !== undefined) return named
    if (file.client_id === undefined) return (await auth.getCredentials()).client_email ?? project
    const { token } = await authClient.getAccessToken()
    // The address is told of a login that asked for it, as gcloud's does; otherwise a number.
    const info = await authClient.getTokenInfo?.(token ?? "")
    return info?.email ?? info?.sub ?? file.client_id
  }
  let known: Promise<string> | undefined
  /** Asked once, unless it is asked `anew`: it is a call for some. */
  const account = (anew = false) => {
    if (anew) known = undefined
    known ??= ask().catch((error) => {
      known = undefined
      throw error
    })
    return known
  }
  return { google: { ...openClients(clients, { authClient }), project }, account, authClient, chosen }
}

const noProject = "no project is chosen: run gcloud config set project PROJECT, or name it as gcp.project_id in config.yaml"

const resourceManager = () =>
  process.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER"] || "https://cloudresourcemanager.googleapis.com/"

export const makeGcp = (settings: Effect.Effect<{ readonly projectId: string | null }, CloudError>): Gcp => {
  let heardAtMs: number | null = null
  let lastProject: string | null = null
  const heard = (atMs: number) => {
    heardAtMs = atMs
  }
  let last: { readonly seen: string; readonly session: ReturnType<typeof load> } | undefined
  const session = async (projectId: string | null) => {
    const seen = `${projectId} ${await filesNow()}`
    if (last?.seen !== seen) {
      const next = { seen, session: load(projectId, heard) }
      last = next
      // Who has mended what was wrong is not told of it for ever.
      next.session.catch(() => {
        if (last === next) last = undefined
      })
    }
    return last!.session
  }
  type Session = Awaited<ReturnType<typeof session>>

  const call = Effect.fnUntraced(function* <A>(what: string, where: string, work: (session: Session) => Promise<A>) {
    const { projectId } = yield* settings
    return yield* Effect.suspend(() => {
      let slot: Slot | undefined
      return Effect.tryPromise({
        try: (signal) => {
          const own: Slot = { signal }
          slot = own
          return slots.run(own, async () => {
            const now = await session(projectId)
            lastProject = now.google.project
            own.project = now.chosen
            return work(now)
          })
        },
        catch: (error) =>
          slot?.spoilt ?? (isCloudError(error) ? error : withWayOn(errorOf(error, slot?.body, what, where), what, slot?.project))
      })
    })
  })

  const who = (anew: boolean) =>
    call("identity", "", async ({ account, google }) => ({ account: await account(anew), project: google.project }))

  return {
    heardAtMs: () => heardAtMs,
    lastProject: () => lastProject,
    ask: (what, where, work) =>
      again(
        call(what, where, ({ google }) => work(google, options)),
        ({ kind }) => kind === "Transient"
      ),
    once: (what, where, work) =>
      again(
        call(what, where, ({ google }) => work(google, options)),
        ({ code }) => isThrottled(code)
      ),
    who: who(false),
    whoNow: who(true),
    lacking: (permissions) =>
      call("testIamPermissions", "", async ({ authClient, google }) => {
        const url = `${resourceManager()}v1/projects/${google.project}:testIamPermissions`
        const body = JSON.stringify({ permissions })
        const init = { method: "POST", body, headers: { "content-type": "application/json" }, responseType: "stream" }
        const answer = await authClient.fetch(url, init)
        // It is an API of its own, which a project may do without.
        if (!answer.ok) return null
        const { permissions: has = [] } = (await answer.json()) as { readonly permissions?: ReadonlyArray<string> }
        return permissions.filter((name) => !has.includes(name))
      }),
    // That config.yaml cannot be read is told by who needs it.
    fingerprint: settings.pipe(
      Effect.orElseSucceed(() => ({ projectId: null })),
      Effect.flatMap(({ projectId }) => Effect.promise(async () => `${projectId} ${await filesNow()}`))
    )
  }
}

const isCloudError = (error: unknown): error is CloudError => (error as { readonly _tag?: string } | null)?._tag === "CloudError"

export const waits = { ...options, timeout: waitMaxMs } as const
