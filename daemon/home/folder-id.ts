/** An id of the state folder, by which machines that are shared with others are told to be its own, whatever became of its log. */
import { link, readFile, unlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { ulid } from "ulid"

const fileOf = (home: string) => join(home, "folder-id")

export const readFolderId = (home: string): Promise<string | null> =>
  readFile(fileOf(home), "utf8").then(
    (text) => text.trim(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null
      throw error
    }
  )

/** Made when it is first asked for. */
export const folderId = async (home: string): Promise<string> => {
  const known = await readFolderId(home)
  if (known !== null) return known
  const [file, temp] = [fileOf(home), `${fileOf(home)}.${ulid()}`]
  await writeFile(temp, `${ulid()}\n`, { mode: 0o600, flush: true })
  await link(temp, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error
  })
  await unlink(temp)
  return (await readFolderId(home))!
}
