/**
 * Copies one file of the user's by reads of ours, for the system's own copy does not end on a file that yields less than its size says:
 * one that gets shorter meanwhile, or a file of the kernel's. What is read is what is copied, and no more than the file held when it
 * was looked at, however fast it grows; a later sync brings the rest, since its time has changed.
 */
import { constants, type Stats } from "node:fs"
import { chmod, type FileHandle, open, copyFile as systemCopy, utimes } from "node:fs/promises"

const chunkBytes = 1024 * 1024
/** Below that a clone saves nothing. */
const cloneMinBytes = chunkBytes

const writeAll = async (to: FileHandle, bytes: Buffer) => {
  for (let at = 0; at < bytes.length; ) at += (await to.write(bytes, at)).bytesWritten
}

const copyBytes = async (source: string, target: string, size: number, signal: AbortSignal) => {
  // What became a pipe meanwhile has nothing to say, and nobody waits for it.
  await using from = await open(source, constants.O_RDONLY | constants.O_NONBLOCK)
  await using to = await open(target, "wx", 0o600)
  const chunk = Buffer.allocUnsafe(Math.min(size, chunkBytes))
  for (let left = size; left > 0; ) {
    signal.throwIfAborted()
    const { bytesRead } = await from.read(chunk, 0, Math.min(left, chunk.length), null)
    if (bytesRead === 0) return
    await writeAll(to, chunk.subarray(0, bytesRead))
    left -= bytesRead
  }
}

/** Shares the bytes with the source, on a file system that can; never copies any. */
const cloned = (source: string, target: string) =>
  systemCopy(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL).then(
    () => true,
    () => false
  )

/** `target` is new; it has the mode and the times that the source had when it was looked at, `found`. */
export const copyFile = async (source: string, target: string, found: Stats, signal: AbortSignal): Promise<void> => {
  const isCloned = found.size >= cloneMinBytes && (await cloned(source, target))
  if (!isCloned) await copyBytes(source, target, found.size, signal)
  // Whatever the umask.
  await chmod(target, found.mode & 0o7777)
  await utimes(target, found.atimeMs / 1000, found.mtimeMs / 1000)
}
