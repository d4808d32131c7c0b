/** What the user's `config.yaml` says below a cloud's name, read by kind. Pure. */
import { ConfigError, type ConfigFile, isMapping } from "../config/config-file.ts"

export type Texts = Readonly<Record<string, string>>

const isTexts = (value: unknown): value is Texts => isMapping(value) && Object.values(value).every((one) => typeof one === "string")

/** For all regions, or for each that can be used. */
export type ProxyCommand = string | Texts | null

/** `keys`: all that it may say. */
export const settingsReader = ({ fields, file }: ConfigFile, cloud: string, keys: ReadonlyArray<string>) => {
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
    /** Of the first of these keys that is there. */
    texts: (key: string, ...others: ReadonlyArray<string>): Texts => {
      const value = [key, ...others].map((name) => own[name] ?? null).find((one) => one !== null) ?? {}
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
