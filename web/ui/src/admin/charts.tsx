/** Small pictures of numbers. Each says in words what it shows. */

export interface Piece {
  name: string
  value: number
  /** A class that gives it its colour. */
  kind: string
}

/** Parts of a whole, side by side. */
export const Parts = ({ pieces, label }: { pieces: readonly Piece[]; label: string }) => {
  const sum = pieces.reduce((all, { value }) => all + value, 0) || 1
  let at = 0
  return (
    <svg class="parts" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={label}>
      {pieces.map(({ name, value, kind }) => {
        const width = (value / sum) * 100
        const x = at
        at += width
        return width > 0 && <rect key={name} class={kind} x={x} y={0} width={width} height={8} />
      })}
    </svg>
  )
}

/** How a number went, the newest at the right. */
export const Course = ({ values, label }: { values: readonly number[]; label: string }) => {
  const most = Math.max(1, ...values)
  const step = values.length > 1 ? 100 / (values.length - 1) : 0
  const points = values.map((value, at) => `${(at * step).toFixed(2)},${(29 - (value / most) * 28).toFixed(2)}`)
  return (
    <svg class="course" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline points={values.length > 1 ? points.join(' ') : `0,${points[0]?.split(',')[1] ?? 29} 100,${points[0]?.split(',')[1] ?? 29}`} />
    </svg>
  )
}
