/** A Compute Engine for tests: strict_gce, in a process of its own, which ends with the test, and with the tests. */
import { type ChildProcess, spawn } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

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

export class Gce {
  readonly url: string
  private readonly process: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.process = child
  }

  static async start(): Promise<Gce> {
    const child = spawn(process.execPath, [join(folder, "strict_gce.mjs"), "--exit-with-stdin"], {
      env: { PATH: process.env["PATH"] },
      stdio: ["pipe", "pipe", "inherit"]
    })
    const url = await new Promise<string>((done, fail) => {
      let said = ""
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk
        const found = /listening on (\S+)\n/.exec(said)
        if (found) done(found[1]!)
      })
      child.once("exit", (code) => fail(new Error(`strict_gce ended with ${code}`)))
    })
    return new Gce(url, child)
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

  // biome-ignore lint/suspicious/noExplicitAny: JSON of the test's own
  private async fetch(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`${this.url}/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${method} /${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the test's own
  strict(method: string, path: string, body?: unknown): Promise<any> {
    return this.fetch(method, `strict/${path}`, body)
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

  async end(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done))
    this.process.stdin!.end()
    await ended
  }
}
