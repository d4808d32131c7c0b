/** What the user's `config.yaml` says below `aws`: where clusters are put, and how they are called. Pure. */
import { ConfigError, type ConfigFile, isMapping } from "../../config/config-file.ts"

export interface AwsSettings {
  /** The value of a VPC's tag `Name`; null: the default one. */
  readonly vpcName: string | null
  /** No public addresses: whoever launches is on the same network, or has a command that leads there. */
  readonly useInternalIps: boolean
  /** One that is the user's own: it is neither made nor changed. */
  readonly securityGroupName: string | null
  readonly instanceTags: Readonly<Record<string, string>>
  /** For all regions, or for each that can be used. */
  readonly sshProxyCommand: string | Readonly<Record<string, string>> | null
}

const keys = ["vpc_name", "use_internal_ips", "security_group_name", "instance_tags", "ssh_proxy_command", "labels", "remote_identity"]

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isMapping(value) && Object.values(value).every((one) => typeof one === "string")

export const awsSettings = ({ fields, file }: ConfigFile): AwsSettings => {
  const own = fields["aws"] ?? {}
  const wrong = (key: string, expected: string) => new ConfigError(`${file}: aws.${key}: expected ${expected}.`)
  if (!isMapping(own)) throw new ConfigError(`${file}: aws: expected a mapping.`)
  const unknown = Object.keys(own).find((key) => !keys.includes(key))
  if (unknown !== undefined) throw new ConfigError(`${file}: aws has no key '${unknown}'. It has: ${keys.join(", ")}.`)
  const text = (key: string): string | null => {
    const value = own[key] ?? null
    if (value !== null && (typeof value !== "string" || value === "")) throw wrong(key, "a name")
    return value
  }
  const internal = own["use_internal_ips"] ?? false
  if (typeof internal !== "boolean") throw wrong("use_internal_ips", "true or false")
  const tags = own["instance_tags"] ?? own["labels"] ?? {}
  if (!isTexts(tags)) throw wrong("instance_tags", "a mapping of texts")
  const command = own["ssh_proxy_command"] ?? null
  if (command !== null && typeof command !== "string" && !isTexts(command))
    throw wrong("ssh_proxy_command", "a command, or one for each region")
  return {
    vpcName: text("vpc_name"),
    useInternalIps: internal,
    securityGroupName: text("security_group_name"),
    instanceTags: tags,
    sshProxyCommand: command
  }
}

/** Null: none is needed there. Undefined: by the user's word the region is not to be used. */
export const proxyCommandIn = ({ sshProxyCommand }: AwsSettings, region: string): string | null | undefined =>
  sshProxyCommand === null || typeof sshProxyCommand === "string" ? sshProxyCommand : sshProxyCommand[region]
