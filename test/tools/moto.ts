/** An EC2 for tests that nobody here wrote: moto, with stricter manners. */
import { execFile } from "node:child_process"
import { existsSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { EC2 } from "@aws-sdk/client-ec2"
import { SSM } from "@aws-sdk/client-ssm"
import { describe } from "vitest"
import { StrictServer } from "./StrictServer.ts"

const folder = import.meta.dirname
/** Where nobody looks for sources. */
const environment = join(folder, "../../node_modules/.moto")
const python = join(environment, "bin", "python")
const makeMaxMs = 300_000
const run = promisify(execFile)

/** Whole or not at all: several test files may make it at a time. */
const make = async (): Promise<string | null> => {
  if (existsSync(python)) return null
  const temp = `${environment}.${process.pid}`
  try {
    await run("python3", ["-m", "venv", temp], { timeout: makeMaxMs })
    await run(join(temp, "bin", "python"), ["-m", "pip", "install", "-q", "-r", join(folder, "requirements.txt")], { timeout: makeMaxMs })
    renameSync(temp, environment)
    return null
  } catch (error) {
    rmSync(temp, { recursive: true, force: true })
    if (existsSync(python)) return null
    return `python3 with venv and pip, and moto (${(error as Error).message.split("\n")[0]})`
  }
}

/** Null: there can be an EC2. */
export const whyNoMoto = await make()
if (whyNoMoto !== null) console.warn(`\n*** SKIPPED: tests on EC2 need ${whyNoMoto} ***\n`)
/** `describe` for tests that need it. */
export const describeWithMoto = describe.skipIf(whyNoMoto !== null)

export interface StrictInstance {
  readonly instanceId: string
  readonly region: string
  readonly zone: string
  readonly instanceType: string
  readonly spot: boolean
  readonly state: string
  readonly privateIp: string | null
  readonly tags: Readonly<Record<string, string>>
}
export interface StrictCall {
  readonly service: string
  readonly action: string
  readonly region: string
  readonly status: number
  readonly code: string | null
  readonly params: Readonly<Record<string, string>>
  readonly instanceIds: ReadonlyArray<string>
}

export class Moto extends StrictServer {
  static async start(): Promise<Moto> {
    const environment = { MOTO_AMIS_PATH: join(folder, "amis.json"), PYTHONDONTWRITEBYTECODE: "1" }
    return new Moto(await StrictServer.run(python, join(folder, "strict_moto.py"), environment))
  }

  /** Of whoever uses AWS's SDK. */
  get env(): Readonly<Record<string, string>> {
    return { AWS_ENDPOINT_URL: this.url, AWS_ACCESS_KEY_ID: "testing", AWS_SECRET_ACCESS_KEY: "testing", AWS_REGION: "us-east-1" }
  }

  private at(region: string) {
    return { endpoint: this.url, region, credentials: { accessKeyId: "testing", secretAccessKey: "testing" } }
  }
  /** As whoever is at the console. */
  client(region: string): EC2 {
    return new EC2(this.at(region))
  }
  /** A parameter of Systems Manager's. */
  async parameter(region: string, Name: string, Value: string): Promise<void> {
    await new SSM(this.at(region)).putParameter({ Name, Value, Type: "String", Overwrite: true })
  }

  instances(): Promise<ReadonlyArray<StrictInstance>> {
    return this.strict("GET", "instances")
  }
  async live(): Promise<ReadonlyArray<StrictInstance>> {
    return (await this.instances()).filter(({ state }) => state !== "terminated" && state !== "shutting-down")
  }
  async calls(action?: string): Promise<ReadonlyArray<StrictCall>> {
    const calls: ReadonlyArray<StrictCall> = await this.strict("GET", "calls")
    return calls.filter((call) => action === undefined || call.action === action)
  }
  async reset(): Promise<void> {
    await fetch(`${this.url}/moto-api/reset`, { method: "POST" })
  }
}
