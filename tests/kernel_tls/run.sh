#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What needs a kernel with TLS, on Debian's kernel in a virtual machine: run.sh BUILD_FOLDER
# The processor is interpreted, as few machines that tests run on let others have virtual ones. In it are only that kernel's
# modules for TLS, the test programs and their libraries.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

build=${1:?usage: run.sh BUILD_FOLDER}
build=$(cd "$build" && pwd)
work=$build/kernel_tls
# What one that is interpreted may need; the tests have limits of their own.
limit=${PERRON_VM_LIMIT:-900}
mkdir -p "$work"

# -- the kernel

release=$(find "$work" -maxdepth 1 -name '[0-9]*-cloud-amd64' -printf '%f\n' | sort -V | tail -n 1)
if [[ -z $release ]]; then
  image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p') || true
  [[ -n $image ]] || { echo "kernel TLS: apt knows no linux-image-cloud-amd64"; exit 1; }
  release=${image#linux-image-}
  fetched=$(mktemp -d -p "$work")
  (cd "$fetched" && apt-get download -q "$image" && dpkg-deb -x ./*.deb unpacked)
  mv "$fetched/unpacked" "$work/$release"
  rm -r "$fetched"
fi

# -- its first and only file system

root=$work/root
rm -rf "$root"
mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp}
ln -s bin "$root/sbin" # where the kernel looks for modprobe
cp "$(command -v busybox)" "$root/bin/"
modules=lib/modules/$release
for part in kernel/net/tls kernel/crypto kernel/arch/x86/crypto kernel/lib modules.builtin modules.order; do
  [[ -e $work/$release/$modules/$part ]] || continue
  mkdir -p "$root/$modules/$(dirname "$part")"
  cp -r "$work/$release/$modules/$part" "$root/$modules/$part"
done
depmod -b "$root" "$release"

# put <program>: without what debuggers want, and with its libraries.
put() {
  local library
  objcopy --strip-debug "$build/bin/tests/$1" "$root/bin/$1"
  ldd "$build/bin/tests/$1" | sed -n 's,.*[[:space:]]\(/[^ ]*\) (0x.*,\1,p' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    [[ -e $root$library ]] || cp -L "$library" "$root$library"
  done
}
put runtime_tls_test
put httpd_test

over_tls=$(ctest --test-dir "$build" -N -V -R '^httpd_over_tls$' | grep -o 'gtest_filter=[^"]*')
over_tls=${over_tls/gtest_filter=/gtest_filter=connection_tls_test.*:connection_held_test.*:}
over_tls+=':connection_tls_test.rfc8446_4_6_3_*' # Linux 6.1 cannot change keys
cat >"$root/init" <<END
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ip link set lo up
for module in aesni_intel gcm chacha20poly1305 tls; do modprobe \$module; done
echo "Linux \$(uname -r), \$(cat /proc/sys/net/ipv4/tcp_available_ulp)"
verdict=passed
export PERRON_TEST_KERNEL_TLS=1
runtime_tls_test --gtest_brief=1 --gtest_filter='*KernelSealing*' || verdict=FAILED
sealed() { awk '/^TlsTxSw/ { print \$2 }' /proc/net/tls_stat; }
before=\$(sealed)
PERRON_TEST_TLS=kernel httpd_test --gtest_brief=1 '--$over_tls' || verdict=FAILED
echo "\$((\$(sealed) - before)) connections of httpd's tests were sealed by the kernel"
[ "\$(sealed)" -gt "\$before" ] || verdict=FAILED
echo "kernel TLS: \$verdict"
sleep 1
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/root.gz"

# -- the machine

said=$work/said.txt
timeout "$limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nographic -no-reboot -nic none \
  -kernel "$work/$release/boot/vmlinuz-$release" -initrd "$work/root.gz" -append 'console=ttyS0 quiet panic=-1' \
  </dev/null | tr -d '\r' | tee "$said"
grep -q '^kernel TLS: passed$' "$said"
