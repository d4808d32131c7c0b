/**
 * What a machine is told as it begins: who may log in, and which key it shows. It is the same for all machines of one request, and the same
 * whenever that is made again. It holds a secret, the host's private key, and is written nowhere but there. Pure.
 */
import type { KeyPair } from "../over-ssh/our-keys.ts"

export const loginUser = "ubuntu"

/** Ubuntu's own timers hold the lock of apt in a machine's first minutes, when setup wants it. */
const quiet = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "apt-daily.service",
  "apt-daily-upgrade.service",
  "unattended-upgrades.service"
]

export interface FileOnMachine {
  readonly path: string
  readonly permissions: string
  readonly content: string
}

/** JSON is YAML. */
export const userData = (login: Pick<KeyPair, "public">, host: KeyPair, files: ReadonlyArray<FileOnMachine> = []): string =>
  `#cloud-config\n${JSON.stringify(
    {
      users: [
        { name: loginUser, shell: "/bin/bash", sudo: "ALL=(ALL) NOPASSWD:ALL", lock_passwd: true, ssh_authorized_keys: [login.public] }
      ],
      ...(files.length > 0 && { write_files: files }),
      ssh_deletekeys: true,
      ssh_genkeytypes: [],
      ssh_keys: { ed25519_private: host.private, ed25519_public: host.public },
      bootcmd: [
        ["systemctl", "stop", ...quiet],
        ["systemctl", "mask", ...quiet]
      ]
    },
    null,
    1
  )}\n`
