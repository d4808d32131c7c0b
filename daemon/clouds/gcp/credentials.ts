/**
 * Where Google's tools keep who the user is and which project he works in. Of credentials only what they are for is read here; to use them
 * is the library's affair.
 */
import { createPrivateKey } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { inner } from "../../../task/sentence.ts"
import { stampsOf } from "../../home/small-file.ts"
import { refusedBy } from "./errors.ts"

const envName = "GOOGLE_APPLICATION_CREDENTIALS"
const gcloudFolder = () => process.env["CLOUDSDK_CONFIG"] || join(process.env["HOME"] || homedir(), ".config", "gcloud")
const credentialsFile = () => process.env[envName] || join(gcloudFolder(), "application_default_credentials.json")

/** A machine of Google's own has credentials by its service account. */
export const isOnGoogle = (): boolean => {
  try {
    return readFileSync("/sys/class/dmi/id/product_name", "utf8").startsWith("Google Compute Engine")
  } catch {
    return false
  }
}

export const hasSigns = (): boolean => Boolean(process.env[envName]) || existsSync(credentialsFile()) || isOnGoogle()

/** Of gcloud's own settings, an INI file: the project of the configuration that is active. */
const gcloudFiles = async () => {
  const folder = gcloudFolder()
  const active = process.env["CLOUDSDK_ACTIVE_CONFIG_NAME"] || (await textOf(join(folder, "active_config"))).trim() || "default"
  return [join(folder, "active_config"), join(folder, "configurations", `config_${active}`)] as const
}
const textOf = (file: string) => readFile(file, "utf8").catch(() => "")

const gcloudProject = async (): Promise<string | undefined> => {
  const [, configuration] = await gcloudFiles()
  const [, core = ""] = /^\[core\]$([^[]*)/m.exec(await textOf(configuration)) ?? []
  return /^\s*project\s*=\s*(\S+)\s*$/m.exec(core)?.[1]
}

/** Changes when the user's credentials or project may be others. */
export const filesNow = async (): Promise<string> => stampsOf([credentialsFile(), ...(await gcloudFiles())])

interface CredentialsFile {
  readonly type?: string
  readonly client_email?: string
  readonly client_id?: string
  readonly private_key?: unknown
  readonly project_id?: string
  readonly quota_project_id?: string
  readonly audience?: string
  readonly service_account_impersonation_url?: string
}

/** Where the login itself is no more. */
export const mending = () =>
  process.env[envName]
    ? `set ${envName} to another file and restart the daemon (sky daemon restart)`
    : "run gcloud auth application-default login"
const noUse = (why: string) => refusedBy("Credentials", `${credentialsFile()} ${why}: ${mending()}`)

/** Empty where there is none. Fails with a CloudError where there is one of no use: the library would not name it. */
export const readCredentials = async (): Promise<CredentialsFile> => {
  const file = credentialsFile()
  if (!process.env[envName] && !existsSync(file)) return {}
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw noUse(error.code === "ENOENT" ? "is not there" : `cannot be read (${error.code})`)
  })
  const found = ((): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return undefined
    }
  })()
  if (typeof found !== "object" || found === null) throw noUse("holds no credentials, for it is no JSON object")
  if (hasOddKey(found)) throw noUse("holds a private key that is none")
  return found
}

/** The library would ask again and again, as if nobody had answered. */
const hasOddKey = ({ private_key: key }: CredentialsFile): boolean => {
  if (typeof key !== "string") return false
  try {
    createPrivateKey(key)
    return false
  } catch {
    return true
  }
}

/** What the library says of a file that it cannot use names neither the file nor what to do. */
export const ofNoUse = (error: unknown): unknown => {
  if (!existsSync(credentialsFile())) return error
  const why = (error as Error).message.replace(/^Unable to read the credential file.*?variable: /, "")
  return noUse(`holds no credentials that can be used (${inner(why)})`)
}

/** Who they are, where the file itself says that. */
export const accountOf = ({ audience, client_email, service_account_impersonation_url: url, type }: CredentialsFile): string | undefined =>
  /serviceAccounts\/([^/:]+):/.exec(url ?? "")?.[1] ?? client_email ?? (type?.startsWith("external_account") ? audience : undefined)

export interface Project {
  readonly name: string
  /** Who says so, as a part of a sentence. */
  readonly from: string
}

/** The project that is worked in; what the user says to Google's tools holds here too. */
export const projectOf = async (own: string | null, file: CredentialsFile): Promise<Project | undefined> => {
  const { env } = process
  const named = (["CLOUDSDK_CORE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"] as const).find((name) => env[name])
  const places: ReadonlyArray<readonly [string | null | undefined, string]> = [
    [own, "gcp.project_id in config.yaml"],
    [named && env[named], `${named} in the daemon's environment`],
    [file.type === "service_account" ? file.project_id : undefined, `the service account's file ${credentialsFile()}`],
    [await gcloudProject(), "gcloud's configuration (gcloud config set project PROJECT)"],
    [file.quota_project_id, `quota_project_id in ${credentialsFile()}`]
  ]
  const [name, from = ""] = places.find(([project]) => Boolean(project)) ?? []
  return name ? { name, from } : undefined
}
