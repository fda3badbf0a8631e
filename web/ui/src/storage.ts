/** What this browser keeps. It may refuse to (private windows, full disk): then nothing is kept, and all works. */
export const store = {
  get(key: string): string | null {
    try {
      return localStorage.getItem(key)
    } catch {
      return null
    }
  },
  set(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(key)
      else localStorage.setItem(key, value)
    } catch {
      // As said.
    }
  },
  json(key: string): unknown {
    try {
      return JSON.parse(this.get(key) ?? 'null') as unknown
    } catch {
      return null
    }
  },
}
