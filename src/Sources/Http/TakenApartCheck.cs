using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.Http;

/// <summary>What an answer can't tell that is handed on while it arrives.</summary>
internal static class TakenApartCheck
{
    public static void Run(HttpSourceOptions options, BlockCheck check)
    {
        PayloadSourceCheck.Run(options, check);
        if (options.Items is not null && options.Format != HttpSourceOptions.Json)
        {
            check.Error("items", $"only JSON has items, and the answers are read as {options.Format}; remove one of the two");
        }

        if (options.Delimiter is not null && options.Format != PayloadSourceOptions.Csv)
        {
            check.Error("delimiter", "is for CSV; remove it, or write \"format\": \"csv\"");
        }

        if (!options.IsTakenApart)
        {
            return;
        }

        Refuse(options.Pages is not null, "pages", "remove one of the two; each page by itself is bounded by the provider's maxBytes");
        Refuse(options.Patch is not null, "patch", "remove one of the two");
        Refuse(options.Pull is not null, "pull", "remove one of the two, or put the requests that are pulled into a source of their own");
        Refuse(options.FailsWhen is not null, "failsWhen", $"remove one of the two{OnlyList()}");
        Refuse(options.Expects is not null, "expects", $"remove one of the two{OnlyList()}");
        Refuse(options.ThrottledWhen is not null, "throttledWhen", "remove one of the two");
        Refuse(options.Every.IsOfAnswer, "every.when", "give one interval, or a name that 'for' binds");

        void Refuse(bool isThere, string setting, string remedy)
        {
            if (isThere)
            {
                check.Error(setting, $"needs the whole answer, and with {(options.Items is null ? $"\"format\": \"{options.Format}\"" : "'items'")} it is handed on while it arrives; {remedy}");
            }
        }

        string OnlyList() => options.Items is null ? "" : " (an answer without the list is a failure anyway)";
    }
}
