/** Google's clients, each made when it is first used. */
import type { clients } from "./sdk.ts"

type Kinds = typeof clients
export type Clients = { readonly [K in keyof Kinds]: () => Promise<InstanceType<Kinds[K]>> }

const override = () => process.env["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"]

/** Where all paths of the API begin. */
export const computeApi = (): string => override() || "https://compute.googleapis.com/compute/v1/"

const endpoint = (): { apiEndpoint?: string; protocol?: string; port?: number } => {
  const own = override()
  if (!own) return {}
  const { hostname, port, protocol } = new URL(own)
  return { apiEndpoint: hostname, protocol: protocol.slice(0, -1), ...(port !== "" && { port: Number(port) }) }
}

/** `own`: what all of them are told. */
export const openClients = (kinds: Kinds, own: object): Clients => {
  const made = new Map<string, unknown>()
  const opener = (name: string, Client: new (options: object) => unknown) => async () => {
    const known = made.get(name) ?? new Client({ ...endpoint(), ...own })
    made.set(name, known)
    return known
  }
  return Object.fromEntries(Object.entries(kinds).map(([name, Client]) => [name, opener(name, Client as never)])) as unknown as Clients
}
