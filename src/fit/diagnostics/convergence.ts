import { type Diagnostic, warning } from '../../core/diagnostic.ts'
import { norm } from '../methods/norm.ts'
import type { Subject } from './subject.ts'

/** Laws whose descent ended without a clear minimum: those of the methods asked for, and the one that judges them. */
export function ofConvergence({ laws, assessments }: Subject): Diagnostic[] {
  const fits = new Map([[norm.name as string, laws.fits.get(norm) ?? null]])
  for (const { method, fitted } of assessments) fits.set(method.name, fitted)
  return [...fits].flatMap(([method, fitted]) => {
    if (fitted === null || typeof fitted === 'string' || fitted.converged || fitted.estimate.law === null) return []
    const { alpha, beta } = fitted.estimate.law
    return [
      warning(
        'not-converged',
        `${method} ended at alpha = ${alpha.toPrecision(4)}, beta = ${beta.toPrecision(4)} without a clear minimum.`,
        { method, alpha, beta },
        'The runs do not determine this law; vary N and D more widely.',
      ),
    ]
  })
}
