// Writes the pages: index.html, and under assets/ what it names, each with its content in its name and its
// compressed twins beside it. `node build/build.js [FOLDER]`; the folder is dist unless another is named.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = resolve(process.argv[2] ?? join(root, 'dist'))

const made = await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.tsx', style: 'src/style.css' },
  outdir: join(out, 'assets'),
  write: false,
  bundle: true,
  // Administration is a file of its own, which only those fetch who look at it.
  splitting: true,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  minify: true,
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
})

const write = (name, content) => {
  const path = join(out, name)
  writeFileSync(path, content)
  if (content.length < 200) return
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
  writeFileSync(
    `${path}.br`,
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  )
}

rmSync(out, { recursive: true, force: true })
mkdirSync(join(out, 'assets'), { recursive: true })
let index = readFileSync(join(root, 'index.html'), 'utf8')
const name = (placeholder, path) => {
  if (!index.includes(placeholder)) throw new Error(`index.html does not name ${placeholder}`)
  index = index.replaceAll(placeholder, `/${path}`)
}
for (const file of made.outputFiles) {
  const path = `assets/${basename(file.path)}`
  write(path, Buffer.from(file.contents))
  if (/^assets\/(main|style)-/.test(path)) name(`/assets/${/(main|style)/.exec(path)[0]}${extname(path)}`, path)
}
const icon = readFileSync(join(root, 'src/icon.svg'))
const hash = createHash('sha256').update(icon).digest('hex').slice(0, 8).toUpperCase()
write(`assets/icon-${hash}.svg`, icon)
name('/assets/icon.svg', `assets/icon-${hash}.svg`)
write('index.html', Buffer.from(index))
