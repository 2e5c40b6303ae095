// The page a browser sees when it asks a demo origin for its name.

/// A small page that says which origin answered and what else it can do.
func originPage(name: String) -> String {
    // The colour follows the name, so that a reload shows at a glance who answered.
    let hue = name.utf8.reduce(7) { ($0 * 47 + Int($1)) % 360 }
    let rows = OriginScript.help.map { row in
        "<tr><td><code>\(row.path)</code></td><td>\(row.what)</td></tr>"
    }
    return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>Origin \(name)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 40rem;
               padding: 0 1rem; color: #222 }
        h1 { color: hsl(\(hue) 65% 40%) }
        td { padding: .1rem 1rem .1rem 0; vertical-align: top }
        code { background: #f2f2f2; padding: .1rem .3rem; border-radius: .2rem }
        </style></head><body>
        <h1>Origin \(name)</h1>
        <p>Origin <strong>\(name)</strong> answered this request. Reload to see the next one.</p>
        <p>Other paths to try:</p>
        <table>\(rows.joined(separator: "\n"))</table>
        </body></html>

        """
}
