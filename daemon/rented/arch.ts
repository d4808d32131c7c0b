/** What a machine's processor runs, and an image is built for. Pure. */
export type Arch = "x86_64" | "arm64"
