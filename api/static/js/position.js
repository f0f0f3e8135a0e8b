// Where is this phone? Asked for when somebody arrives or is done; whoever says no is not asked again.

const ASKED = "anju-position";
export const LIMIT_MS = 8_000;

/** Where it is, or null: a step is never held up or lost for want of a position. */
export async function position() {
  if (!navigator.geolocation) return null;
  const granted = (await permission()) === "granted";
  if (!granted && localStorage.getItem(ASKED) === "no") return null;
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), LIMIT_MS);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude }),
      (error) => {
        if (error.code === error.PERMISSION_DENIED) localStorage.setItem(ASKED, "no");
        resolve(null);
      },
      { enableHighAccuracy: true, maximumAge: 60_000, timeout: LIMIT_MS },
    );
  });
}

async function permission() {
  try {
    return (await navigator.permissions.query({ name: "geolocation" })).state;
  } catch {
    return "unknown";
  }
}
