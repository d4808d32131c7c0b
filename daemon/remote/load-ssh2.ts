/** ssh2, when a machine is first asked for: a daemon without one never loads it. */
export const loadSsh2 = async () => (await import("ssh2")).default

export type Ssh2 = Awaited<ReturnType<typeof loadSsh2>>
