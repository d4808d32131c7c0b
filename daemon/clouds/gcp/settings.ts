/** What the user's `config.yaml` says below `gcp`: where clusters are put, and how they are called. Pure. */
import type { ConfigFile } from "../../config/config-file.ts"
import { type ProxyCommand, settingsReader, type Texts } from "../../rented/settings.ts"

export interface GcpSettings {
  /** Null: that of the environment, of gcloud, or of the credentials. */
  readonly projectId: string | null
  /** Null: the first that lets in what is needed, or one of our own. */
  readonly vpcName: string | null
  /** No external addresses: whoever launches is on the same network, or has a command that leads there. */
  readonly useInternalIps: boolean
  readonly labels: Texts
  readonly sshProxyCommand: ProxyCommand
}

const keys = ["project_id", "vpc_name", "use_internal_ips", "labels", "instance_tags", "ssh_proxy_command", "remote_identity"]

export const gcpSettings = (config: ConfigFile): GcpSettings => {
  const read = settingsReader(config, "gcp", keys)
  return {
    projectId: read.text("project_id"),
    vpcName: read.text("vpc_name"),
    useInternalIps: read.flag("use_internal_ips"),
    labels: read.texts("labels", "instance_tags"),
    sshProxyCommand: read.proxyCommand("ssh_proxy_command")
  }
}
