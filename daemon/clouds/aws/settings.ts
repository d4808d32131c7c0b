/** What the user's `config.yaml` says below `aws`: where clusters are put, and how they are called. Pure. */
import type { ConfigFile } from "../../config/config-file.ts"
import { type ProxyCommand, settingsReader, type Texts } from "../../rented/settings.ts"

export interface AwsSettings {
  /** The value of a VPC's tag `Name`; null: the default one. */
  readonly vpcName: string | null
  /** No public addresses: whoever launches is on the same network, or has a command that leads there. */
  readonly useInternalIps: boolean
  /** One that is the user's own: it is neither made nor changed. */
  readonly securityGroupName: string | null
  readonly instanceTags: Texts
  readonly sshProxyCommand: ProxyCommand
}

const keys = ["vpc_name", "use_internal_ips", "security_group_name", "instance_tags", "ssh_proxy_command", "labels", "remote_identity"]

export const awsSettings = (config: ConfigFile): AwsSettings => {
  const read = settingsReader(config, "aws", keys)
  return {
    vpcName: read.text("vpc_name"),
    useInternalIps: read.flag("use_internal_ips"),
    securityGroupName: read.text("security_group_name"),
    instanceTags: read.texts("instance_tags", "labels"),
    sshProxyCommand: read.proxyCommand("ssh_proxy_command")
  }
}
