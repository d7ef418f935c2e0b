using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.Http;

/// <summary>What goes together with <c>patch</c>, and in it.</summary>
internal static class PatchCheck
{
    public static void Run(PatchOptions patch, HttpSourceOptions options, BlockCheck check)
    {
        if (options.Method != HttpMethod.Get.Method || options.Request.Count > 1 || options.Pages is not null)
        {
            check.Error("patch", "needs one request, a GET without pages, whose answer is the whole document; write other requests into a source of their own");
        }

        if (patch.Operations is null == patch.Merge is null)
        {
            check.Error("patch", "needs one of 'operations', where the lists of a JSON Patch stand, and 'merge', where parts of the document stand");
        }

        DocumentCheck.Condition(patch.WholeWhen, "patch.wholeWhen", check);
        if (options.For?.Names.ContainsKey(PatchOptions.SinceName) == true)
        {
            check.Error($"for.{PatchOptions.SinceName}", $"in a patch's request {{{PatchOptions.SinceName}}} is what stands at its 'since'; give this one another name");
        }

        CheckRequest(patch, options, check);

        // Empty: reported already, as a required setting.
        Path(patch.Since is "" ? null : patch.Since, "since", check);
        Path(patch.Operations, "operations", check);
        Path(patch.Merge, "merge", check);
    }

    private static void CheckRequest(PatchOptions patch, HttpSourceOptions options, BlockCheck check)
    {
        try
        {
            var names = new RequestTemplate(patch.Request).Names.ToList();
            if (patch.Request.Length > 0 && !names.Contains(PatchOptions.SinceName))
            {
                check.Error("patch.request", $"says nowhere which document is known; put {{{PatchOptions.SinceName}}} into it, such as ?since={{{PatchOptions.SinceName}}}");
            }

            var others = names.Where(n => n != PatchOptions.SinceName).ToList();
            BodyCheck.Names(others, options, "patch.request", check);
            var missing = others.Where(n => options.For?.Names.ContainsKey(n) == true && !options.Request.Any(r => r.Contains($"{{{n}}}", StringComparison.Ordinal))).ToList();
            if (missing.Count > 0)
            {
                check.Error("patch.request", $"'{{{missing[0]}}}' does not stand in 'request', so two documents could share one request; put it there too");
            }
        }
        catch (FormatException e)
        {
            check.Error("patch.request", e.Message);
        }
    }

    private static void Path(string? text, string setting, BlockCheck check) =>
        DocumentCheck.Path(text, $"patch.{setting}", "the document; write a path into it", check);
}
