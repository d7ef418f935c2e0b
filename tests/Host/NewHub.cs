namespace StreamEngine.Host.Tests;

/// <summary>Tests of what the hub can't do yet are written and not run.</summary>
internal static class NewHub
{
    /// <summary>Whether it keeps the history of channels, so that who comes back gets what was missed, and whether there are event channels.</summary>
    public static bool IsHere => false;
}
