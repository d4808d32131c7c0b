/** What a machine is to whoever pays for it, in whatever words its cloud says so. Pure. */
export type Phase = "pending" | "running" | "stopping" | "stopped" | "gone"

/** It runs, or will by itself. */
export const isOn = (phase: Phase): boolean => phase === "pending" || phase === "running"
