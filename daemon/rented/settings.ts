/** What the user's `config.yaml` says below a cloud's name, read by kind. Pure. */
import { ConfigError, type ConfigFile, isMapping } from "../config/config-file.ts"

type Texts = Readonly<Record<string, string>>

const isTexts = (value: unknown): value is Texts => isMapping(value) && Object.values(value).every((one) => typeof one === "string")

/** For all regions, or for each that can be used. */
type ProxyCommand = string | Texts | null

export interface RentedSettings {
  /** As people call it there; null: the usual one. */
  readonly vpcName: string | null
  /** No addresses of the outside: whoever launches is on the same network, or has a command that leads there. */
  readonly useInternalIps: boolean
  /** By either of SkyPilot's two names. */
  readonly labels: Texts
  /** The same, as they are written: under which of the two. */
  readonly labelsBy?: ReadonlyArray<readonly [key: string, labels: Texts]>
  readonly sshProxyCommand: ProxyCommand
}
/** `remote_identity` is SkyPilot's, and nothing here. */
/** The later one holds. */
const labelKeys = ["instance_tags", "labels"]
const sharedKeys = ["vpc_name", "use_internal_ips", "labels", "instance_tags", "ssh_proxy_command", "remote_identity"]

/** `own`: what a cloud has besides, which `read` reads. */
export const rentedSettings = (config: ConfigFile, cloud: string, own: ReadonlyArray<string>) => {
  const read = settingsReader(config, cloud, [...own, ...sharedKeys])
  const labelsBy = labelKeys.map((key) => [key, read.texts(key)] as const)
  const shared: RentedSettings = {
    vpcName: read.text("vpc_name"),
    useInternalIps: read.flag("use_internal_ips"),
    labels: Object.assign({}, ...labelsBy.map(([, labels]) => labels)) as Texts,
    labelsBy,
    sshProxyCommand: read.proxyCommand("ssh_proxy_command")
  }
  return { read, shared }
}

/** `keys`: all that it may say. */
const settingsReader = ({ fields, file }: ConfigFile, cloud: string, keys: ReadonlyArray<string>) => {
  const own = fields[cloud] ?? {}
  const wrong = (key: string, expected: string) => new ConfigError(`${file}: ${cloud}.${key}: expected ${expected}.`)
  if (!isMapping(own)) throw new ConfigError(`${file}: ${cloud}: expected a mapping.`)
  const unknown = Object.keys(own).find((key) => !keys.includes(key))
  if (unknown !== undefined) throw new ConfigError(`${file}: ${cloud} has no key '${unknown}'. It has: ${keys.join(", ")}.`)
  return {
    text: (key: string): string | null => {
      const value = own[key] ?? null
      if (value !== null && (typeof value !== "string" || value === "")) throw wrong(key, "a name")
      return value
    },
    flag: (key: string): boolean => {
      const value = own[key] ?? false
      if (typeof value !== "boolean") throw wrong(key, "true or false")
      return value
    },
    texts: (key: string): Texts => {
      const value = own[key] ?? {}
      if (!isTexts(value)) throw wrong(key, "a mapping of texts")
      return value
    },
    proxyCommand: (key: string): ProxyCommand => {
      const value = own[key] ?? null
      if (value !== null && typeof value !== "string" && !isTexts(value)) throw wrong(key, "a command, or one for each region")
      return value
    }
  }
}

/** Null: none is needed there. Undefined: by the user's word the region is not to be used. */
export const proxyCommandIn = (command: ProxyCommand, region: string): string | null | undefined =>
  command === null || typeof command === "string" ? command : command[region]
