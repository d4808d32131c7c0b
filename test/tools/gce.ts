/** A Compute Engine for tests: strict_gce. */
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StrictServer } from "./StrictServer.ts"

const folder = import.meta.dirname
export const gceProject = "lab-1"
export const gceAccount = `robot@${gceProject}.iam.gserviceaccount.com`

export interface GceInstance {
  readonly name: string
  readonly region: string
  readonly zone: string
  readonly machineType: string
  readonly spot: boolean
  readonly status: string
  readonly internalIp: string | null
  readonly externalIp: string | null
  readonly labels: Readonly<Record<string, string>>
}
export interface GceCall {
  readonly action: string
  readonly scope: string
  readonly name: string | null
  readonly requestId: string | null
  readonly status: number
  readonly reason: string | null
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the API's own
  readonly body: any
}

/** With the file of a service account, of which nobody but these servers knows; it goes with the run. */
const makeHome = () => {
  const home = mkdtempSync(join(tmpdir(), "gce-"))
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const account = {
    type: "service_account",
    project_id: gceProject,
    private_key_id: "1",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: gceAccount,
    client_id: "1"
  }
  writeFileSync(join(home, "account.json"), JSON.stringify(account), { mode: 0o600 })
  return home
}
let home: string | undefined

export class Gce extends StrictServer {
  static async start(): Promise<Gce> {
    return new Gce(await StrictServer.run(process.execPath, join(folder, "strict_gce.mjs")))
  }

  /** Of whoever uses Google's client. */
  get env(): Readonly<Record<string, string>> {
    home ??= makeHome()
    return {
      GOOGLE_APPLICATION_CREDENTIALS: join(home, "account.json"),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${this.url}/compute/v1/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: `${this.url}/`,
      CLOUDSDK_CONFIG: home
    }
  }

  /** As whoever is at the console; `path` is below the project. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the API's own
  console(method: string, path: string, body?: unknown): Promise<any> {
    return this.fetch(method, `compute/v1/projects/${gceProject}/${path}`, body)
  }
  instances(): Promise<ReadonlyArray<GceInstance>> {
    return this.strict("GET", "instances")
  }
  async calls(action?: string): Promise<ReadonlyArray<GceCall>> {
    const calls: ReadonlyArray<GceCall> = await this.strict("GET", "calls")
    return calls.filter((call) => action === undefined || call.action === action)
  }
  async reset(): Promise<void> {
    await this.strict("POST", "reset")
  }
}
