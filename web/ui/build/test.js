// Runs test/*.test.ts with node's own runner. `node build/test.js rpc` runs those with "rpc" in their name.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const files = readdirSync(join(root, 'test'))
  .filter((name) => /\.test\.tsx?$/.test(name))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
if (files.length === 0) {
  console.error('no test has that name')
  process.exit(2)
}
// Inside the project: the bundles import packages.
mkdirSync(join(root, 'node_modules'), { recursive: true })
const out = mkdtempSync(join(root, 'node_modules', '.test-'))
let status = 1
try {
  await build({
    absWorkingDir: root,
    entryPoints: files.map((name) => join('test', name)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node18',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'inline',
    define: { 'PBX_TEST_FOLDER': JSON.stringify(join(root, 'test')) },
    logLevel: 'warning',
  })
  const bundles = readdirSync(out).map((name) => join(out, name))
  status = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...bundles], {
    cwd: root,
    stdio: 'inherit',
  }).status ?? 1
} finally {
  rmSync(out, { recursive: true, force: true })
}
process.exit(status)
